import {
  dataFrame,
  FRAME,
  frame,
  goawayFrame,
  headersFrame,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../h2/frame.js";
import { encodeHeaders } from "../h2/hpack.js";
import type { Fault } from "./fault.js";
import { flood } from "./flood.js";

const NOTHING = Buffer.alloc(0);
const OPAQUE = Buffer.from("whatever");
const OK = encodeHeaders([[":status", "200"]]);
const EARLY_HINTS = encodeHeaders([[":status", "103"]]);
const BLOCK = Buffer.alloc(1_024, 0x88);

/** Frames that each cost the server nothing and the client a little. */
export const floods = {
  settings: (): Fault => flood("flood-settings", { frames: () => settingsFrame([[3, 100]]) }),
  ping: (): Fault => flood("flood-ping", { frames: () => pingFrame(OPAQUE, false) }),
  pingAck: (): Fault => flood("flood-ping-ack", { frames: () => pingFrame(OPAQUE, true) }),
  emptyData: (): Fault =>
    flood("flood-empty-data", {
      first: (stream) => headersFrame(stream, OK, false),
      frames: (stream) => dataFrame(stream, NOTHING, false),
    }),
  continuation: (): Fault =>
    flood("flood-continuation", {
      first: (stream) => frame(FRAME.HEADERS, 0, stream, OK),
      frames: (stream) => frame(FRAME.CONTINUATION, 0, stream, NOTHING),
    }),
  windowUpdate: (): Fault => flood("flood-window-update", { frames: (stream) => windowUpdateFrame(stream, 1) }),
  informational: (): Fault =>
    flood("flood-informational", { frames: (stream) => headersFrame(stream, EARLY_HINTS, false) }),
  goaway: (): Fault => flood("flood-goaway", { frames: () => goawayFrame(0x7fffffff, 0, "x".repeat(1_000)) }),
  unknownFrames: (): Fault => flood("flood-unknown-frames", { frames: () => frame(0xbe, 0xff, 0, BLOCK) }),
  /** The client's own streams, after the server has reset them: RST_STREAM may cross, so it is allowed, and endless. */
  rstOnClosedStream: (): Fault =>
    flood("flood-rst-on-closed-stream", { frames: (stream) => rstStreamFrame(stream, 8) }),
} as const;
