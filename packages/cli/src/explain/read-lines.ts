import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const LINE_FEED = 0x0a;
/** Of a longer line the beginning is read. An explanation reads less of it than this. */
const MAX_LINE_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** When a file was last written to, ms since 1970; `null` for stdin. */
export async function writtenAtMs(file: string): Promise<number | null> {
  return file === "-" ? null : (await stat(file)).mtimeMs;
}

/** The lines of a file (`-`: stdin), plain or packed by gzip, in bounded memory. Rejects with the system's error. */
export async function* readLines(file: string, stdin: Readable): AsyncGenerator<string, void, void> {
  const chunks = file === "-" ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of unpacked(chunks)) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      const end = chunk.subarray(from, at);
      yield text(restBytes === 0 ? end : Buffer.concat([...rest, end]));
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    const tail = chunk.subarray(from, from + Math.max(0, MAX_LINE_BYTES - restBytes));
    if (tail.length > 0) {
      rest.push(tail);
      restBytes += tail.length;
    }
  }
  if (restBytes > 0) yield text(Buffer.concat(rest));
}

function text(line: Buffer): string {
  return line.subarray(0, MAX_LINE_BYTES).toString("utf8");
}

async function* unpacked(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer, void, void> {
  const iterator = buffers(chunks)[Symbol.asyncIterator]();
  let first = await iterator.next();
  // A pipe may hand out a first chunk of one byte.
  while (first.done !== true && first.value.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = { done: false, value: Buffer.concat([first.value, next.value]) };
  }
  if (first.done === true) return;
  const start = first.value;
  const all = (async function* (): AsyncGenerator<Buffer, void, void> {
    yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  })();
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  // An error of either side ends the loop below.
  const fed = (async () => {
    try {
      for await (const chunk of all) {
        if (!gunzip.write(chunk)) await new Promise<void>((go) => gunzip.once("drain", go));
      }
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  for await (const chunk of gunzip) yield chunk as Buffer;
  await fed;
}

async function* buffers(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of chunks) {
    yield typeof chunk === "string"
      ? Buffer.from(chunk, "utf8")
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
