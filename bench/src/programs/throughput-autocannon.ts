import { createRequire } from "node:module";
import type { Sample } from "../harness/sample.js";
import type { RivalParams } from "./throughput-node-http2.js";

interface Result {
  readonly "2xx": number;
  readonly errors: number;
}

/** It has no types and does not resolve as a module of ours otherwise. */
const autocannon = createRequire(import.meta.url)("autocannon") as (options: object) => Promise<Result>;

/** autocannon speaks HTTP/1 alone, so each stream becomes a connection. */
export async function measure(params: RivalParams): Promise<Sample> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const connections = params.rate === null ? params.sessions * params.streams : params.sessions;
  const result = await autocannon({
    url: params.url,
    connections,
    amount: params.ops,
    tlsOptions: { rejectUnauthorized: false },
    ...(params.rate === null ? {} : { overallRate: params.rate }),
  });
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  return { ops: result["2xx"], failed: result.errors, wallMs, userMs: user / 1000, systemMs: system / 1000 };
}
