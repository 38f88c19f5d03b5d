import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { constants, createGunzip } from "node:zlib";
import { DrainprobeError } from "../errors.js";
import { logParts } from "./log-parts.js";
import { systemErrorCode } from "./system-error-code.js";

/** Where a log comes from: a file, or chunks of it such as `process.stdin`. */
export type LogSource = string | AsyncIterable<Uint8Array | string>;

const CHUNK_BYTES = 256 * 1024;
/** Packed bytes handed on at once: where they are damaged, what they all hold is lost. */
const PACKED_BYTES = 16 * 1024;

/**
 * The bytes of a log. What begins as gzip is unpacked; unpacked data that was cut off ends where it was cut, without an error,
 * as a plain log does. `onBroken` is called where gzip data is damaged: nothing after that place can be read.
 *
 * Throws `LOG_UNREADABLE` where the source cannot be read.
 */
export async function* logChunks(source: LogSource, onBroken: (why: string) => void): AsyncGenerator<Buffer> {
  // A log that was written in parts is named by its last one.
  if (typeof source === "string") for (const part of logParts(source)) yield* fileChunks(part, onBroken);
  yield* fileChunks(source, onBroken);
}

async function* fileChunks(source: LogSource, onBroken: (why: string) => void): AsyncGenerator<Buffer> {
  const chunks = ownChunks(source)[Symbol.asyncIterator]();
  const start: Buffer[] = [];
  let bytes = 0;
  while (bytes < 2) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    start.push(value);
    bytes += value.length;
  }
  const head = Buffer.concat(start);
  const whole = again(head, chunks);
  if (head[0] === 0x1f && head[1] === 0x8b) yield* unpacked(whole, onBroken);
  else yield* whole;
}

async function* again(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* ownChunks(source: LogSource): AsyncGenerator<Buffer> {
  const name = typeof source === "string" ? source : "the log";
  const chunks = typeof source === "string" ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : source;
  try {
    for await (const chunk of chunks) {
      if (typeof chunk === "string") yield Buffer.from(chunk, "utf8");
      else yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (cause) {
    throw new DrainprobeError("LOG_UNREADABLE", `cannot read ${name}: ${systemErrorCode(cause)}`, { cause });
  }
}

async function* unpacked(packed: AsyncIterable<Buffer>, onBroken: (why: string) => void): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  const input = Readable.from(inPieces(packed));
  // `pipe` does not hand an error of the source on: without this a log that cannot be read would never end.
  input.on("error", (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof DrainprobeError) throw cause;
    onBroken(systemErrorCode(cause));
  } finally {
    input.destroy();
  }
}

async function* inPieces(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of packed) {
    for (let from = 0; from < chunk.length; from += PACKED_BYTES) yield chunk.subarray(from, from + PACKED_BYTES);
  }
}
