import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

it("what cannot even be loaded is the instrument's failure: exit 2, one line on stderr", () => {
  const folder = mkdtempSync(join(tmpdir(), "drainprobe-bin-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    for (const file of ["bin.js", "io.js", "run-process.js"]) cpSync(join(DIST, file), join(folder, file));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "bin.js"), "--version"], {
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^drainprobe: cannot start: .*main\.js.*\n$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
