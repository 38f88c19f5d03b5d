import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./proc.mjs";

/** Directories of the workspace's packages, `bench` included where it is one. */
export function packageDirs() {
  const inPackages = readdirSync(join(ROOT, "packages")).map((name) => join(ROOT, "packages", name));
  return [...inPackages, join(ROOT, "bench")].filter((dir) => existsSync(join(dir, "package.json"))).sort();
}

/** A package's manifest. */
export function manifest(dir) {
  return JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
}

/** All files below a directory, as paths relative to it, without the named directories. */
export function filesBelow(dir, skip = ["node_modules", "dist", ".git", "coverage"]) {
  const found = [];
  const visit = (relative) => {
    for (const entry of readdirSync(join(dir, relative), { withFileTypes: true })) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!skip.includes(entry.name)) visit(path);
      } else if (entry.isFile()) found.push(path);
    }
  };
  visit("");
  return found.sort();
}
