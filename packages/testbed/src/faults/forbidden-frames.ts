import {
  dataFrame,
  FLAG,
  FRAME,
  frame,
  goawayFrame,
  headersFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../h2/frame.js";
import { encodeHeaders } from "../h2/hpack.js";
import type { Fault } from "./fault.js";
import { flood } from "./flood.js";

const OK = encodeHeaders([[":status", "200"]]);
const BLOCK = Buffer.alloc(1_024, 0x88);

/** Frames that are wrong at the first one: the flood behind it must not be read at all. */
export const forbiddenFrames = {
  pushPromise: (): Fault =>
    flood("flood-push-promise", {
      frames: (stream, round) => {
        const promised = Buffer.alloc(4);
        promised.writeUInt32BE(2 + 2 * round);
        return frame(FRAME.PUSH_PROMISE, FLAG.END_HEADERS, stream, Buffer.concat([promised, OK]));
      },
    }),
  dataOnClosedStream: (): Fault =>
    flood("flood-data-on-closed-stream", {
      first: (stream) => headersFrame(stream, OK, true),
      frames: (stream) => dataFrame(stream, BLOCK, false),
    }),
  dataOnUnknownStream: (): Fault =>
    flood("flood-data-on-unknown-stream", { frames: () => dataFrame(99_999, BLOCK, false) }),
  frameBeyondLimit: (): Fault =>
    flood("frame-beyond-limit", {
      first: (stream) => headersFrame(stream, OK, false),
      frames: (stream) => dataFrame(stream, Buffer.alloc(1 << 20), false),
    }),
  goawayBeyondLimit: (): Fault =>
    flood("goaway-beyond-limit", { frames: () => goawayFrame(0x7fffffff, 0, "x".repeat(0xffffff - 8)) }),
  windowOverflow: (): Fault => flood("window-overflow", { frames: () => windowUpdateFrame(0, 0x7fffffff) }),
  windowOverflowBySettings: (): Fault =>
    flood("window-overflow-by-settings", { frames: () => settingsFrame([[4, 0x80000000]]) }),
} as const;
