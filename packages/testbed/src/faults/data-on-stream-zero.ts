import { dataFrame } from "../h2/frame.js";
import type { Fault } from "./fault.js";
import { onPing } from "./on-ping.js";

/** DATA on stream 0, which RFC 9113 §6.1 forbids, in answer to the first PING. */
export function dataOnStreamZero(): Fault {
  return onPing("data-on-stream-zero", (connection) => connection.send(dataFrame(0, Buffer.from("?"), false)));
}
