import type { RequestId, StreamId } from "../events/index.js";

/** How far the response of a stream has come. */
export type ResponsePhase =
  | "head" // no final HEADERS yet
  | "body"; // final HEADERS received, END_STREAM not

/** Wants to read the response on one stream. Most responses are counted and let go: nobody does. */
export interface ResponseTap {
  /** A field of the final response's head. Characters of the value are bytes. */
  field(name: string, value: string): void;
  /** Content, in pieces. A view: keep a copy. */
  content(bytes: Uint8Array): void;
}

/** An open stream of ours. It leaves the table at END_STREAM, RST_STREAM of either side, or a GOAWAY below it. */
export interface OpenStream {
  readonly id: StreamId;
  readonly request: RequestId;
  /** HEAD: no response to it has content, whatever its content-length says. */
  readonly head: boolean;
  phase: ResponsePhase;
  /** No content may come: HEAD, 204, 304. */
  contentless: boolean;
  /** Announced content length, or -1. */
  contentLength: number;
  /** Content bytes received. */
  received: number;
  /** `h2.data.received` was given. */
  dataSeen: boolean;
  /** Bytes of the receive window used since our last WINDOW_UPDATE. */
  windowUsed: number;
  /** What the peer lets us send; may be negative (RFC 9113 §6.9.2). */
  sendWindow: number;
  /** Request body still to be sent, or `null` once END_STREAM of ours is out. */
  body: Uint8Array | null;
  readonly tap: ResponseTap | null;
}

export function openStream(
  id: StreamId,
  request: RequestId,
  method: string,
  sendWindow: number,
  tap: ResponseTap | null,
): OpenStream {
  return {
    id,
    request,
    head: method === "HEAD",
    phase: "head",
    contentless: false,
    contentLength: -1,
    received: 0,
    dataSeen: false,
    windowUsed: 0,
    sendWindow,
    body: null,
    tap,
  };
}
