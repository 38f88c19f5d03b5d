import { DATA, FLAG_END_STREAM, FLAG_PADDED, FRAME_HEADER_BYTES, readUint31 } from "./frame.js";
import { NO_BYTES } from "./no-bytes.js";

/** Hears frames in wire order. A method that returns `false` ends the decoding for good. */
export interface FrameSink {
  /** Nine bytes of a frame are there; its payload may not be. */
  frameStarted(type: number, flags: number, stream: number, length: number): boolean;
  /** A frame other than DATA is whole. `payload` is a view into the caller's chunk: keep a copy, not the view. */
  frame(type: number, flags: number, stream: number, payload: Uint8Array): boolean;
  /** A DATA frame claims more padding than it has payload (RFC 9113 §6.1): the decoding ends. */
  dataPaddingWrong(): void;
  /** The first byte of content of a DATA frame is there, or it has none. `length`: the whole payload, as flow control counts it. */
  dataStarted(flags: number, stream: number, length: number, content: number): boolean;
  /** Content of the DATA frame that started last, padding left out: `bytes` from `from` to before `to`. Keep a copy, not the view. */
  dataContent(bytes: Uint8Array, from: number, to: number): void;
  /** A DATA frame is whole. */
  dataEnded(endStream: boolean, stream: number): boolean;
}

type State = "header" | "payload" | "pad-length" | "data-first" | "data-rest" | "stopped";

/**
 * Cuts bytes into frames (RFC 9113 §4.1), however the bytes arrive. A payload that lies within one chunk is not copied,
 * and the content of DATA is never kept at all.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  #state: State = "header";
  /** A header that came in more than one chunk. */
  #header: Uint8Array | null = null;
  #headerFill = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  #length = 0;
  /** A payload that came in more than one chunk. */
  #payload: Uint8Array | null = null;
  #payloadFill = 0;
  /** Content of the DATA frame still to come. */
  #content = 0;
  /** Bytes of the DATA frame still to come. */
  #rest = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Ends the decoding: what comes later is ignored. */
  stop(): void {
    this.#state = "stopped";
    this.#payload = null;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "header":
          at = this.#readHeader(bytes, at);
          break;
        case "payload":
          at = this.#readPayload(bytes, at);
          break;
        case "pad-length":
          this.#padLength(bytes[at++] as number);
          break;
        case "data-first":
          this.#startData();
          break;
        case "data-rest": {
          const skipped = Math.min(this.#rest, bytes.length - at);
          const content = Math.min(this.#content, skipped);
          if (content > 0) this.#sink.dataContent(bytes, at, at + content);
          this.#content -= content;
          at += skipped;
          this.#rest -= skipped;
          if (this.#rest === 0) this.#endData();
          break;
        }
        case "stopped":
          return;
        default:
          this.#state satisfies never;
      }
    }
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    let source = bytes;
    let from = at;
    let next = at + FRAME_HEADER_BYTES;
    if (this.#headerFill > 0 || next > bytes.length) {
      this.#header ??= new Uint8Array(FRAME_HEADER_BYTES);
      const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFill, bytes.length - at);
      for (let i = 0; i < taken; i++) this.#header[this.#headerFill++] = bytes[at + i] as number;
      if (this.#headerFill < FRAME_HEADER_BYTES) return bytes.length;
      this.#headerFill = 0;
      source = this.#header;
      from = 0;
      next = at + taken;
    }
    this.#length =
      ((source[from] as number) << 16) | ((source[from + 1] as number) << 8) | (source[from + 2] as number);
    this.#type = source[from + 3] as number;
    this.#flags = source[from + 4] as number;
    this.#stream = readUint31(source, from + 5);
    if (!this.#sink.frameStarted(this.#type, this.#flags, this.#stream, this.#length)) {
      this.stop();
      return next;
    }
    if (this.#type === DATA) {
      this.#rest = this.#length;
      this.#content = this.#length;
      if ((this.#flags & FLAG_PADDED) !== 0) this.#state = "pad-length";
      else if (this.#content === 0) this.#startData();
      else this.#state = "data-first";
    } else if (this.#length === 0) {
      this.#deliver(NO_BYTES);
    } else {
      this.#state = "payload";
    }
    return next;
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const available = bytes.length - at;
    if (this.#payload === null) {
      if (available >= this.#length) {
        this.#deliver(bytes.subarray(at, at + this.#length));
        return at + this.#length;
      }
      this.#payload = new Uint8Array(this.#length);
      this.#payloadFill = 0;
    }
    const taken = Math.min(this.#length - this.#payloadFill, available);
    this.#payload.set(bytes.subarray(at, at + taken), this.#payloadFill);
    this.#payloadFill += taken;
    if (this.#payloadFill === this.#length) {
      const payload = this.#payload;
      this.#payload = null;
      this.#deliver(payload);
    }
    return at + taken;
  }

  #deliver(payload: Uint8Array): void {
    this.#state = "header";
    if (!this.#sink.frame(this.#type, this.#flags, this.#stream, payload)) this.stop();
  }

  #padLength(padLength: number): void {
    this.#rest = this.#length - 1;
    this.#content = this.#length - 1 - padLength;
    if (this.#content < 0) {
      this.#sink.dataPaddingWrong();
      this.stop();
    } else if (this.#content === 0) {
      this.#startData();
    } else {
      this.#state = "data-first";
    }
  }

  #startData(): void {
    this.#state = "data-rest";
    if (!this.#sink.dataStarted(this.#flags, this.#stream, this.#length, this.#content)) this.stop();
    else if (this.#rest === 0) this.#endData();
  }

  #endData(): void {
    this.#state = "header";
    if (!this.#sink.dataEnded((this.#flags & FLAG_END_STREAM) !== 0, this.#stream)) this.stop();
  }
}
