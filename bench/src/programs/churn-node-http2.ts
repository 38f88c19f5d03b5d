import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { createSecureContext } from "node:tls";
import { drive } from "../harness/drive.js";
import type { Sample } from "../harness/sample.js";
import type { ChurnParams } from "./churn-drainprobe.js";

/** Node's HTTP/2 client, as its documentation uses it, with one secure context for all. */
export function measure(params: ChurnParams): Promise<Sample> {
  const { origin, pathname } = new URL(params.url);
  const secureContext = createSecureContext({ ca: readFileSync(params.caFile) });
  return drive(
    params,
    () =>
      new Promise((resolve, reject) => {
        let status = 0;
        const session = connect(origin, { secureContext, rejectUnauthorized: params.verify });
        session.on("error", reject);
        session.on("close", () => (status === 200 ? resolve() : reject(new Error(`status ${status}`))));
        const stream = session.request({ ":path": pathname });
        stream.on("response", (headers) => {
          status = headers[":status"] ?? 0;
        });
        stream.on("error", reject);
        stream.on("end", () => session.close());
        stream.resume();
      }),
  );
}
