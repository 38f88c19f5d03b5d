import type { RequestId, StreamId } from "../events/index.js";
import type { H2Fact } from "./contract.js";
import type { OpenStream } from "./stream.js";
import type { Violation } from "./violations.js";

/** What an observer asks of the one who speaks on the connection. Someone who only watches answers with {@link WATCH_ONLY}. */
export interface H2Reactions {
  /** SETTINGS to apply and acknowledge; already checked. A violation ends the connection. */
  settings(payload: Uint8Array): Violation | null;
  /** PING to answer. */
  ping(payload: Uint8Array): void;
  /** The peer opened a window, of a stream or (`null`) of the connection; `false`: beyond 2^31-1. */
  windowUpdate(stream: OpenStream | null, increment: number): boolean;
  /** DATA of `length` for flow control; `false`: beyond the connection's window. */
  connectionData(length: number): boolean;
  /** The same for an open stream. */
  streamData(stream: OpenStream, length: number): boolean;
  /** END_STREAM received, fact given. `true`: we reset the stream because our side of it was still open. */
  streamEnded(stream: OpenStream, facts: H2Fact[]): boolean;
  /** The stream is over without END_STREAM: reset by the peer, or above the last stream id of a GOAWAY. */
  streamGone(stream: OpenStream): void;
  /** The peer broke a rule on a stream, fact given: reset it. */
  streamError(stream: StreamId, request: RequestId | null, errorCode: number, facts: H2Fact[]): void;
  /** The peer broke a rule of the connection, fact given: say goodbye. */
  connectionError(errorCode: number, facts: H2Fact[]): void;
}

/** Answers nothing and knows no windows: somebody else speaks. */
export const WATCH_ONLY: H2Reactions = {
  settings: () => null,
  ping: () => {},
  windowUpdate: () => true,
  connectionData: () => true,
  streamData: () => true,
  streamEnded: () => false,
  streamGone: () => {},
  streamError: () => {},
  connectionError: () => {},
};
