import { ROOT, tool } from "./proc.mjs";

/** Checks which folder imports which (`.dependency-cruiser.cjs`). */
export function arrows({ cwd = ROOT } = {}) {
  const args = ["--config", ".dependency-cruiser.cjs", "packages"];
  return tool("dependency-cruiser/bin/dependency-cruise.mjs", args, { cwd, quiet: true });
}
