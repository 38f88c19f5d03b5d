import { FLAG, FRAME, frame, headersFrame } from "../h2/frame.js";
import type { Fault } from "./fault.js";
import { flood } from "./flood.js";

const FRAME_BYTES = 16_384;
/** `:status: 103`, as a literal: an informational head may be followed by another. */
const EARLY_HINTS = Buffer.from([0x08, 0x03, 0x31, 0x30, 0x33]);

/** Literal with incremental indexing: a name of one byte and a value of 4000, which fills the dynamic table. */
function tableFiller(): Buffer {
  return Buffer.concat([Buffer.from([0x40, 0x01, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, "b")]);
}

export const headerBombs = {
  /** RFC 7541 §7.3: each byte of the block is a reference to a field of 4 KB. A frame of 16 KB says 64 MB. */
  hpackBomb: (): Fault =>
    flood("hpack-bomb", {
      first: (stream) => frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, Buffer.concat([EARLY_HINTS, tableFiller()])),
      frames: (stream) =>
        frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, Buffer.concat([EARLY_HINTS, Buffer.alloc(16_000, 0xbe)])),
    }),
  /** A field block without END_HEADERS, that goes on and on. */
  endlessHeaderList: (): Fault =>
    flood("endless-header-list", {
      first: (stream) => frame(FRAME.HEADERS, 0, stream, Buffer.from([0x88])),
      frames: (stream) => frame(FRAME.CONTINUATION, 0, stream, Buffer.concat(Array.from({ length: 4 }, tableFiller))),
    }),
  /** A table size that is set up and down without end at the begin of each block; every block is otherwise in order. */
  tableSizeGames: (): Fault =>
    flood("table-size-games", {
      frames: (stream) => {
        const games = Buffer.alloc(FRAME_BYTES - EARLY_HINTS.length - 4_096, Buffer.from([0x20, 0x3f, 0xe1, 0x1f]));
        return headersFrame(stream, Buffer.concat([games, EARLY_HINTS]), false);
      },
    }),
  /** A table size above what the client allows. */
  tableSizeTooLarge: (): Fault =>
    flood("table-size-too-large", {
      frames: (stream) => headersFrame(stream, Buffer.from([0x3f, 0xff, 0xff, 0xff, 0x07, 0x88]), true),
    }),
} as const;
