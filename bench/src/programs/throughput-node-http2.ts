import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { drive } from "../harness/drive.js";
import type { Sample } from "../harness/sample.js";
import type { ThroughputParams } from "./throughput-drainprobe.js";

export interface RivalParams extends ThroughputParams {
  /** `null`: closed loop. */
  readonly rate: number | null;
}

/** Node's HTTP/2 client: so many sessions, so many streams on each, one request after the other. */
export async function measure(params: RivalParams): Promise<Sample> {
  const { origin, pathname } = new URL(params.url);
  const ca = readFileSync(params.caFile);
  const sessions = await Promise.all(
    Array.from(
      { length: params.sessions },
      () =>
        new Promise<ClientHttp2Session>((resolve, reject) => {
          const session = connect(origin, { ca });
          session.once("error", reject);
          session.once("remoteSettings", () => resolve(session));
        }),
    ),
  );
  let next = 0;
  const load = { ops: params.ops, ratePerSecond: params.rate, concurrency: params.sessions * params.streams };
  const sample = await drive(load, () => {
    const session = sessions[next++ % sessions.length] as ClientHttp2Session;
    return new Promise((resolve, reject) => {
      const stream = session.request({ ":path": pathname });
      let status = 0;
      stream.on("response", (headers) => {
        status = headers[":status"] ?? 0;
      });
      stream.on("error", reject);
      stream.on("end", () => (status === 200 ? resolve() : reject(new Error(`status ${status}`))));
      stream.resume();
    });
  });
  await Promise.all(sessions.map((session) => new Promise<void>((resolve) => session.close(resolve))));
  return sample;
}
