import { readFileSync, rmSync } from "node:fs";
import { createProbe, type RunSink } from "@drainprobe/core";
import type { Load } from "../harness/drive.js";
import { Meter } from "../harness/meter.js";
import type { Sample } from "../harness/sample.js";

export interface ChurnParams extends Load {
  readonly operation: "tcp" | "hello" | "tls" | "h2";
  readonly url: string;
  readonly caFile: string;
  readonly verify: boolean;
  /** Where the log goes; `null`: none is written. */
  readonly log: string | null;
}

const LANES = { tcp: "freshTcp", hello: "freshHello", tls: "freshTls", h2: "freshH2" } as const;

/** The probe as anyone uses it: witness, records, the fold, and (with `log`) the log on disk. */
export async function measure(params: ChurnParams): Promise<Sample> {
  const meter = new Meter(params.ops);
  const broken = new Set<number>();
  const sink: RunSink = {
    write(record) {
      if (record.kind === "tcp.closed") meter.count(!broken.delete(record.conn));
      else if (record.kind === "tcp.connect.failed") meter.count(false);
    },
    appendVerdict(verdict) {
      if (verdict.type !== null && verdict.kind === "verdict" && "conn" in verdict && verdict.conn !== null) {
        broken.add(verdict.conn);
      }
    },
  };
  const pace =
    params.ratePerSecond === null ? { concurrency: params.concurrency } : { ratePerSecond: params.ratePerSecond };
  const probe = await createProbe({
    paths: [{ name: "bench", url: params.url, ca: readFileSync(params.caFile), verify: params.verify }],
    lanes: { [LANES[params.operation]]: pace },
    sinks: [sink],
    ...(params.log === null ? {} : { log: params.log, overwriteLog: true }),
  });
  await meter.finished;
  await probe.stop();
  if (params.log !== null) rmSync(params.log, { force: true });
  return meter.sample;
}
