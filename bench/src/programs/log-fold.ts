import { createReadStream, rmSync } from "node:fs";
import { createProbe, replay } from "@drainprobe/core";
import type { Sample } from "../harness/sample.js";

export interface FoldParams {
  readonly url: string;
  readonly file: string;
  readonly events: number;
}

let made = 0;

/** Records a log of a real run once, then folds it: what `report` does before it writes anything. */
export async function measure({ url, file, events }: FoldParams): Promise<Sample> {
  if (made === 0) {
    let seen = 0;
    let enough: () => void = () => {};
    const full = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const probe = await createProbe({
      paths: [{ name: "bench", url }],
      lanes: { held: { sessions: 4, streams: 10, ratePerSecond: 25_000 } },
      log: file,
      overwriteLog: true,
      sinks: [
        {
          write: () => {
            seen += 1;
            if (seen === events) enough();
          },
          appendVerdict: () => {},
        },
      ],
    });
    await full;
    await probe.stop();
    made = seen;
    process.on("exit", () => rmSync(file, { force: true }));
  }
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const result = await replay(createReadStream(file));
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  return { ops: made, failed: result.problems.length, wallMs, userMs: user / 1000, systemMs: system / 1000 };
}
