import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createSecureContext, type TLSSocket, connect as tlsConnect } from "node:tls";
import { drive } from "../harness/drive.js";
import type { Sample } from "../harness/sample.js";
import type { ChurnParams as Params } from "./churn-drainprobe.js";

interface ChurnParams extends Params {
  /** Whether Node decodes each certificate to compare its name. */
  readonly name?: boolean;
}

/** The floor: Node's own sockets with nothing around them. */
export function measure(params: ChurnParams): Promise<Sample> {
  const { hostname, port } = new URL(params.url);
  const at = { host: hostname, port: Number(port) };
  const secureContext = createSecureContext({ ca: readFileSync(params.caFile) });
  return drive(params, () =>
    params.operation === "tcp"
      ? new Promise((resolve, reject) => {
          const socket = connect(at, () => socket.end());
          socket.on("error", reject);
          socket.on("close", () => resolve());
          socket.resume();
        })
      : new Promise((resolve, reject) => {
          const options = {
            ...at,
            secureContext,
            ALPNProtocols: ["h2"],
            rejectUnauthorized: params.verify,
            ...(params.name === false ? { checkServerIdentity: () => undefined } : {}),
          };
          const socket = tlsConnect(options, () => socket.end());
          if (params.name === false) socket.getPeerCertificate = undecoded;
          socket.on("error", reject);
          socket.on("close", () => resolve());
          socket.resume();
        }),
  );
}

const undecoded = (() => ({})) as unknown as TLSSocket["getPeerCertificate"];
