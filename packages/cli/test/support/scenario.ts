import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findScenario } from "@drainprobe/testbed";

/** A scenario being played, with its authority in a file and a folder to write in. */
export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** `--target URL --ca FILE`. */
  readonly target: readonly string[];
  readonly settled: Promise<void>;
}

/** Starts the scenario's server for a command to be pointed at. */
export async function stage(name: string): Promise<Stage> {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const running = await scenario.start(1);
  running.fired.catch(() => {});
  running.settled.catch(() => {});
  const folder = mkdtempSync(join(tmpdir(), "drainprobe-stage-"));
  const ca = join(folder, "ca.pem");
  if (running.ca !== null) writeFileSync(ca, running.ca);
  return {
    url: running.url,
    folder,
    target: ["--target", running.url, ...(running.ca === null ? [] : ["--ca", ca])],
    settled: running.settled,
    async [Symbol.asyncDispose]() {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The lane mix that the scenarios with a held lane were made for. */
export const HELD = ["--sessions", "1", "--streams", "3", "--rate", "60"];
