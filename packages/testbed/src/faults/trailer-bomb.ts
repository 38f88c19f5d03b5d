import { dataFrame, FLAG, FRAME, frame, headersFrame } from "../h2/frame.js";
import { encodeHeaders } from "../h2/hpack.js";
import type { Fault } from "./fault.js";

const OK = encodeHeaders([[":status", "200"]]);
/** A field of 4 KB for the dynamic table, and twelve thousand references to it: 48 MB of trailers in one frame. */
const TRAILERS = Buffer.concat([
  Buffer.from([0x40, 0x01, 0x61, 0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, "b"),
  Buffer.alloc(12_000, 0xbe),
]);

/** Each answer begins well, and ends in trailers that are a bomb. */
export function trailerBomb(): Fault {
  return {
    name: "trailer-bomb",
    arm(connection, fired) {
      return {
        onRequest({ stream }) {
          void connection
            .send(
              Buffer.concat([
                headersFrame(stream, OK, false),
                dataFrame(stream, Buffer.from("ok"), false),
                frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, TRAILERS),
              ]),
            )
            .then(fired);
          return true;
        },
      };
    },
  };
}
