import { CANCEL, type RequestId, type StreamId } from "../events/index.js";
import type { EncodedHead, H2ClientContract, H2Fact } from "./contract.js";
import {
  CONTINUATION,
  DEFAULT_MAX_FRAME_SIZE,
  DEFAULT_WINDOW,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  GOAWAY,
  HEADERS,
  MAX_WINDOW,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame.js";
import { bytesOfHex } from "./hex.js";
import { type H2Limits, H2Observer } from "./observer.js";
import { Output } from "./output.js";
import type { H2Reactions } from "./reactions.js";
import { ReceiveWindows } from "./receive-windows.js";
import { RequestBodies } from "./request-bodies.js";
import {
  eachSetting,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_HEADER_TABLE_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_FRAME_SIZE,
  SETTINGS_MAX_HEADER_LIST_SIZE,
} from "./settings.js";
import type { OpenStream, ResponseTap } from "./stream.js";
import { VIOLATIONS, type Violation } from "./violations.js";

/** Options of {@link H2Client}. */
export interface H2ClientOptions {
  readonly limits: H2Limits;
  /** Receive window of each stream. Default 4 MiB: content is counted and let go at once, a window only bounds what is under way. */
  readonly streamWindow?: number;
  /** Receive window of the connection, at least 65535. Default 16 MiB. */
  readonly connectionWindow?: number;
}

/** The table size every peer starts from; our blocks use none of it. */
const DEFAULT_HEADER_TABLE_SIZE = 4096;
/** HPACK "dynamic table size update" to 0 (RFC 7541 §6.3). */
const NO_DYNAMIC_TABLE = 0x20;

/**
 * The client side of one HTTP/2 connection without I/O (RFC 9113): an {@link H2Observer} that also speaks. After each call
 * that can queue bytes, write what `takeOutput()` gives. When `failed` turns true the last bytes are a GOAWAY: write them
 * and close.
 */
export class H2Client implements H2ClientContract {
  readonly #observer: H2Observer;
  readonly #output = new Output();
  readonly #bodies: RequestBodies;
  readonly #windows: ReceiveWindows;
  #nextStream = 1;
  #peerMaxStreams = MAX_WINDOW;
  #peerInitialWindow = DEFAULT_WINDOW;
  #peerMaxFrameSize = DEFAULT_MAX_FRAME_SIZE;
  /** The peer's table may hold less than it believes ours does: the next block must say so (RFC 7541 §4.2). */
  #tableUpdateDue = false;
  #tableDeclared = false;
  #goawaySent = false;

  constructor(options: H2ClientOptions) {
    this.#windows = new ReceiveWindows(
      Math.max(options.connectionWindow ?? 16 * 1024 * 1024, DEFAULT_WINDOW),
      options.streamWindow ?? 4 * 1024 * 1024,
    );
    this.#bodies = new RequestBodies(this.#output);
    this.#observer = new H2Observer({
      limits: options.limits,
      initialSendWindow: () => this.#peerInitialWindow,
      reactions: this.#reactions(),
    });
    this.#output.preface();
    this.#writeSettings(options.limits.maxHeaderListBytes);
    if (this.#windows.connectionSize > DEFAULT_WINDOW) {
      this.#writeUint32Frame(WINDOW_UPDATE, 0, this.#windows.connectionSize - DEFAULT_WINDOW);
    }
  }

  get capacity(): number {
    if (!this.ready || this.draining || this.failed || this.#goawaySent) return 0;
    const idsLeft = (MAX_WINDOW - this.#nextStream + 2) >>> 1;
    return Math.max(0, Math.min(this.#peerMaxStreams - this.openStreams, idsLeft));
  }

  get openStreams(): number {
    return this.#observer.openStreams;
  }

  get ready(): boolean {
    return this.#observer.ready;
  }

  get draining(): boolean {
    return this.#observer.draining;
  }

  get failed(): boolean {
    return this.#observer.failed;
  }

  receive(bytes: Uint8Array, facts: H2Fact[]): void {
    this.#observer.receive(bytes, facts);
  }

  request(request: RequestId, head: EncodedHead, body: Uint8Array | null, tap: ResponseTap | null = null): StreamId {
    if (this.capacity === 0) return 0;
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = this.#observer.opened(id, request, head.method, tap);
    const withBody = body !== null && body.length > 0;
    this.#writeHead(id, head.block, withBody ? 0 : FLAG_END_STREAM);
    if (withBody) {
      this.#observer.acted(body.length);
      this.#bodies.send(stream, body, this.#peerMaxFrameSize);
    }
    return id;
  }

  reset(stream: StreamId, errorCode: number, facts: H2Fact[]): void {
    const open = this.failed ? undefined : this.#observer.reset(stream);
    if (open === undefined) return;
    this.#bodies.drop(open);
    this.#writeReset(stream, open.request, errorCode, facts);
  }

  ping(opaque: string): void {
    if (this.failed) return;
    const bytes = bytesOfHex(opaque);
    if (bytes.length !== 8) throw new TypeError("opaque data of a PING is 16 hex digits");
    this.#observer.acted();
    this.#writePing(0, bytes);
  }

  goaway(errorCode: number, facts: H2Fact[]): void {
    if (this.#goawaySent) return;
    this.#goawaySent = true;
    this.#output.frame(8, GOAWAY, 0, 0);
    this.#output.uint32(0); // last stream id: a server opens no streams here
    this.#output.uint32(errorCode);
    facts.push({ kind: "h2.goaway.sent", errorCode });
  }

  takeOutput(): Uint8Array | null {
    if (this.#windows.due && !this.failed) {
      this.#windows.refill(
        (stream) => this.#observer.stream(stream.id) === stream,
        (stream, increment) => this.#writeUint32Frame(WINDOW_UPDATE, stream, increment),
      );
    }
    return this.#output.take();
  }

  #reactions(): H2Reactions {
    return {
      settings: (payload) => this.#applySettings(payload),
      ping: (payload) => this.#writePing(FLAG_ACK, payload),
      windowUpdate: (stream, increment) =>
        stream === null
          ? this.#bodies.openConnection(increment, this.#peerMaxFrameSize)
          : this.#bodies.openStream(stream, increment, this.#peerMaxFrameSize),
      connectionData: (length) => this.#windows.useConnection(length),
      streamData: (stream, length) => this.#windows.useStream(stream, length),
      streamEnded: (stream, facts) => this.#streamEnded(stream, facts),
      streamGone: (stream) => this.#bodies.drop(stream),
      streamError: (stream, request, errorCode, facts) => {
        this.#bodies.dropById(stream);
        this.#writeReset(stream, request, errorCode, facts);
      },
      connectionError: (errorCode, facts) => {
        this.#bodies.dropAll();
        this.#goawaySent = false; // an error is told even after a polite goodbye
        this.goaway(errorCode, facts);
      },
    };
  }

  /** RFC 9113 §6.5.3: applied in order, then acknowledged. */
  #applySettings(payload: Uint8Array): Violation | null {
    let violation: Violation | null = null;
    eachSetting(payload, (id, value) => {
      switch (id) {
        case SETTINGS_HEADER_TABLE_SIZE:
          if (value < DEFAULT_HEADER_TABLE_SIZE && !this.#tableDeclared) this.#tableUpdateDue = true;
          break;
        case SETTINGS_MAX_CONCURRENT_STREAMS:
          this.#peerMaxStreams = Math.min(value, MAX_WINDOW);
          break;
        case SETTINGS_INITIAL_WINDOW_SIZE: {
          const change = value - this.#peerInitialWindow;
          this.#peerInitialWindow = value;
          for (const stream of this.#observer.streams()) {
            stream.sendWindow += change;
            if (stream.sendWindow > MAX_WINDOW) violation = VIOLATIONS.windowOverflowBySettings;
          }
          break;
        }
        case SETTINGS_MAX_FRAME_SIZE:
          this.#peerMaxFrameSize = value;
          break;
      }
    });
    if (violation !== null) return violation;
    this.#output.frame(0, SETTINGS, FLAG_ACK, 0);
    this.#bodies.pump(this.#peerMaxFrameSize);
    return null;
  }

  /** The response is whole and the request is not: the rest of the body is of no use to anyone (RFC 9113 §8.1). */
  #streamEnded(stream: OpenStream, facts: H2Fact[]): boolean {
    if (stream.body === null) return false;
    this.#bodies.drop(stream);
    this.#writeReset(stream.id, stream.request, CANCEL, facts);
    return true;
  }

  #writeSettings(maxHeaderListBytes: number): void {
    this.#output.frame(18, SETTINGS, 0, 0);
    this.#output.uint16(SETTINGS_ENABLE_PUSH);
    this.#output.uint32(0);
    this.#output.uint16(SETTINGS_INITIAL_WINDOW_SIZE);
    this.#output.uint32(this.#windows.streamSize);
    this.#output.uint16(SETTINGS_MAX_HEADER_LIST_SIZE);
    this.#output.uint32(maxHeaderListBytes);
  }

  #writeHead(id: StreamId, block: Uint8Array, endStream: number): void {
    const update = this.#tableUpdateDue ? 1 : 0;
    const total = block.length + update;
    const first = Math.min(total, this.#peerMaxFrameSize);
    this.#output.frame(first, HEADERS, endStream | (first === total ? FLAG_END_HEADERS : 0), id);
    if (update === 1) {
      this.#tableUpdateDue = false;
      this.#tableDeclared = true;
      this.#output.uint8(NO_DYNAMIC_TABLE);
    }
    if (first === total) {
      this.#output.bytes(block);
      return;
    }
    let at = first - update;
    this.#output.bytes(block.subarray(0, at));
    while (at < block.length) {
      const part = Math.min(block.length - at, this.#peerMaxFrameSize);
      this.#output.frame(part, CONTINUATION, at + part === block.length ? FLAG_END_HEADERS : 0, id);
      this.#output.bytes(block.subarray(at, at + part));
      at += part;
    }
  }

  #writePing(flags: number, opaque: Uint8Array): void {
    this.#output.frame(8, PING, flags, 0);
    this.#output.bytes(opaque);
  }

  #writeReset(stream: StreamId, request: RequestId | null, errorCode: number, facts: H2Fact[]): void {
    this.#writeUint32Frame(RST_STREAM, stream, errorCode);
    facts.push({ kind: "h2.rst_stream.sent", stream, request, errorCode });
  }

  #writeUint32Frame(type: number, stream: StreamId, value: number): void {
    this.#output.frame(4, type, 0, stream);
    this.#output.uint32(value);
  }
}
