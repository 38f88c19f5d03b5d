import { H2Client, type H2ClientOptions } from "../src/h2/client.js";
import type { H2Fact } from "../src/h2/contract.js";
import { encodeRequest } from "../src/h2/request-head.js";
import { LIMITS } from "../src/limits.js";

/** Builds bytes as a server would send them, right or wrong. Knows nothing of the code under test. */
export function frame(type: number, flags: number, stream: number, payload: Iterable<number> = []): Uint8Array {
  const body = [...payload];
  return Uint8Array.from([
    body.length >>> 16,
    (body.length >>> 8) & 0xff,
    body.length & 0xff,
    type,
    flags,
    (stream >>> 24) & 0xff,
    (stream >>> 16) & 0xff,
    (stream >>> 8) & 0xff,
    stream & 0xff,
    ...body,
  ]);
}

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITY_FLAG = 0x20;

export function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function latin1(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0));
}

/** A field block of literals without indexing and without Huffman code. Strings must be shorter than 127. */
export function literals(fields: readonly (readonly [string, string])[]): number[] {
  return fields.flatMap(([name, value]) => [0, name.length, ...latin1(name), value.length, ...latin1(value)]);
}

export type Fields = readonly (readonly [string, string])[];

export function settings(values: Readonly<Record<number, number>> = {}): Uint8Array {
  const payload = Object.entries(values).flatMap(([id, value]) => [
    Number(id) >>> 8,
    Number(id) & 0xff,
    ...uint32(value),
  ]);
  return frame(4, 0, 0, payload);
}

export function headers(stream: number, fields: Fields, flags = 0): Uint8Array {
  return frame(1, END_HEADERS | flags, stream, literals(fields));
}

/** A plain answer's head. */
export function ok(stream: number, flags = 0): Uint8Array {
  return headers(stream, [[":status", "200"]], flags);
}

export function data(stream: number, content: string | number, flags = 0): Uint8Array {
  return frame(0, flags, stream, typeof content === "string" ? latin1(content) : new Uint8Array(content));
}

export function rstStream(stream: number, code: number): Uint8Array {
  return frame(3, 0, stream, uint32(code));
}

export function goaway(last: number, code: number, debug = ""): Uint8Array {
  return frame(7, 0, 0, [...uint32(last), ...uint32(code), ...latin1(debug)]);
}

export function windowUpdate(stream: number, increment: number): Uint8Array {
  return frame(8, 0, stream, uint32(increment));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Cuts what a client wrote into frames; the preface must be gone. */
export function parseFrames(bytes: Uint8Array): SeenFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: SeenFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at) >>> 8;
    if (at + 9 + length > bytes.length) throw new Error("the client wrote half a frame");
    frames.push({
      type: bytes[at + 3] as number,
      flags: bytes[at + 4] as number,
      stream: view.getUint32(at + 5),
      payload: bytes.slice(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return frames;
}

export const PREFACE_BYTES = 24;

/** A client and the server's side of the wire, without a wire. */
export class Conversation {
  readonly client: H2Client;
  /** All facts so far. */
  readonly facts: H2Fact[] = [];
  /** What the client wrote first: preface, then frames. */
  readonly opening: Uint8Array;
  #requests = 0;

  constructor(options: Partial<H2ClientOptions> = {}) {
    this.client = new H2Client({ limits: LIMITS, ...options });
    this.opening = this.client.takeOutput() ?? new Uint8Array(0);
  }

  /** A conversation in which the server's SETTINGS have come. */
  static begun(options: Partial<H2ClientOptions> = {}, values: Readonly<Record<number, number>> = {}): Conversation {
    const conversation = new Conversation(options);
    conversation.server(settings(values));
    conversation.written();
    return conversation;
  }

  /** The server sends; gives the facts that came of it. */
  server(...parts: readonly Uint8Array[]): H2Fact[] {
    const before = this.facts.length;
    for (const part of parts) this.client.receive(part, this.facts);
    return this.facts.slice(before);
  }

  /** The client asks; gives the stream. */
  ask(method = "GET", body: Uint8Array | null = null, extra: Fields = []): number {
    this.#requests += 1;
    const head = encodeRequest({ method, scheme: "https", authority: "example.com", path: "/", headers: extra });
    return this.client.request(this.#requests, head, body);
  }

  /** What the client wrote since. */
  written(): SeenFrame[] {
    return parseFrames(this.client.takeOutput() ?? new Uint8Array(0));
  }
}

/** The protocol errors among facts, as `code rule` with the stream, or `connection`. */
export function protocolErrors(
  facts: readonly H2Fact[],
): { where: number | "connection"; code: number; rule: string }[] {
  return facts.flatMap((fact) =>
    fact.kind === "h2.protocol.error"
      ? [{ where: fact.stream ?? ("connection" as const), code: fact.errorCode, rule: fact.rule }]
      : [],
  );
}
