import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { drive } from "../harness/drive.js";
import type { Sample } from "../harness/sample.js";
import type { RivalParams } from "./throughput-node-http2.js";

/** undici with HTTP/2 allowed, in a pool. */
export async function measure(params: RivalParams): Promise<Sample> {
  const { origin, pathname } = new URL(params.url);
  const pool = new Pool(origin, {
    allowH2: true,
    connections: params.sessions,
    pipelining: params.streams,
    connect: { ca: readFileSync(params.caFile) },
  });
  const load = { ops: params.ops, ratePerSecond: params.rate, concurrency: params.sessions * params.streams };
  const sample = await drive(load, async () => {
    const { statusCode, body } = await pool.request({ path: pathname, method: "GET" });
    await body.dump();
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  });
  await pool.close();
  return sample;
}
