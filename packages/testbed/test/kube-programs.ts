import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";
import { findKubePrograms, type KubePrograms, type KubeVersion } from "../src/index.js";

/** Whether a program is in PATH. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Ends the test as skipped, and says so in its output too. */
export function skipped(test: TestContext, reason: string): never {
  console.log(reason);
  return test.skip(reason);
}

/** The programs of a control plane; the test ends as skipped where one is missing. */
export async function kubePrograms(test: TestContext, version: KubeVersion): Promise<KubePrograms & { ok: true }> {
  const programs = await findKubePrograms(version);
  return programs.ok ? programs : skipped(test, programs.reason);
}
