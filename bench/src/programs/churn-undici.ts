import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { Client } from "undici";
import { drive } from "../harness/drive.js";
import type { Sample } from "../harness/sample.js";
import type { ChurnParams } from "./churn-drainprobe.js";

/** undici with HTTP/2 allowed: a client for each request. */
export function measure(params: ChurnParams): Promise<Sample> {
  const { origin, pathname } = new URL(params.url);
  const secureContext = createSecureContext({ ca: readFileSync(params.caFile) });
  return drive(params, async () => {
    const client = new Client(origin, {
      allowH2: true,
      // Without this it resumes TLS sessions, which is another operation.
      connect: { secureContext, rejectUnauthorized: params.verify, maxCachedSessions: 0 },
    });
    const { statusCode, body } = await client.request({ path: pathname, method: "GET" });
    await body.dump();
    await client.close();
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  });
}
