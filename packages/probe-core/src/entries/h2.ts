/**
 * `@drainprobe/core/h2`: HTTP/2 without I/O: frames, HPACK, and the client side of a connection.
 *
 * @module core/h2
 */
export * as frames from "../h2/frame.js";
export { FrameDecoder, type FrameSink } from "../h2/frame-decoder.js";
export * from "../h2/index.js";
export { Output as FrameWriter } from "../h2/output.js";
