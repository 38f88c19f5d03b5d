import { printableText, type RequestId, type StreamId } from "../events/index.js";
import { ClosedStreams, type Closing } from "./closed-streams.js";
import type { H2Fact } from "./contract.js";
import { endsHeaders, FieldBlock } from "./field-block.js";
import { FloodBudget } from "./flood-budget.js";
import {
  CONTINUATION,
  DATA,
  DEFAULT_MAX_FRAME_SIZE,
  FLAG_ACK,
  FLAG_END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  RST_STREAM,
  readUint31,
  readUint32,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame.js";
import { FrameDecoder, type FrameSink } from "./frame-decoder.js";
import { checkFirstFrame, checkFrameHeader, headersFragment } from "./frame-rules.js";
import { GoawayLedger } from "./goaway.js";
import { hexOf } from "./hex.js";
import { HpackDecoder } from "./hpack/decoder.js";
import { type H2Reactions, WATCH_ONLY } from "./reactions.js";
import { ResponseHead } from "./response-head.js";
import { checkSettings, readSettings } from "./settings.js";
import { type OpenStream, openStream, type ResponseTap } from "./stream.js";
import { VIOLATIONS, type Violation } from "./violations.js";

/** The bounds this folder needs; `LIMITS` has them all. */
export interface H2Limits {
  /** Largest decoded field section, and largest field block on the wire. */
  readonly maxHeaderListBytes: number;
  /** Streams whose unusual end is remembered, so that late frames on them are understood. */
  readonly resetStreamsRemembered: number;
  /** GOAWAY debug data kept, in characters after escaping. */
  readonly goawayDebugChars: number;
  /** Frames without use that a peer may send ahead of what it earns (see `FloodBudget`). */
  readonly framesWithoutUse: number;
  /** How many of them each act of ours and each sign of progress earns. */
  readonly framesWithoutUseEarned: number;
}

/** Options of {@link H2Observer}. */
export interface H2ObserverOptions {
  readonly limits: H2Limits;
  /** The SETTINGS_HEADER_TABLE_SIZE the client announced. Default 4096. */
  readonly headerTableSize?: number;
  /** The SETTINGS_MAX_FRAME_SIZE the client announced. Default 16384. */
  readonly maxFrameSize?: number;
  /** First value of a new stream's send window; only a speaker knows. */
  readonly initialSendWindow?: () => number;
  /** Who speaks. Default: somebody else ({@link WATCH_ONLY}). */
  readonly reactions?: H2Reactions;
}

/** Weight of a frame that costs a record in the log, against 1 for one that only costs a moment. */
const RECORDED = 10;
/** Bytes of a field section that count as one more frame: they cost as much to decode. */
const FIELD_BYTES_SHIFT = 9;
/** Bytes of late content that count as one more frame: a window may be on its way when we reset, and no more than a few. */
const LATE_BYTES_SHIFT = 12;
const RETRY_AFTER_CHARS = 64;

/**
 * Turns what a server sends into facts, and holds it to the rules a client must enforce (RFC 9113, RFC 7541). Used alone it
 * only watches; `H2Client` speaks on top of it. It must be told of each stream the client opens and of each it resets.
 *
 * Facts come in wire order and do not depend on how the bytes were cut. Nothing the peer sends makes it throw.
 */
export class H2Observer {
  readonly #limits: H2Limits;
  readonly #maxFrameSize: number;
  readonly #initialSendWindow: () => number;
  readonly #reactions: H2Reactions;
  readonly #frames: FrameDecoder;
  readonly #hpack: HpackDecoder;
  readonly #head = new ResponseHead();
  readonly #block: FieldBlock;
  readonly #goaways: GoawayLedger;
  readonly #closed: ClosedStreams;
  readonly #flood: FloodBudget;
  readonly #open = new Map<StreamId, OpenStream>();
  #highestStream = 0;
  #ready = false;
  #failed = false;
  /** Of the stream whose DATA is being read. */
  #tap: ResponseTap | null = null;
  /** Where facts go during one `receive`. */
  #facts: H2Fact[] = [];

  constructor(options: H2ObserverOptions) {
    this.#limits = options.limits;
    this.#maxFrameSize = options.maxFrameSize ?? DEFAULT_MAX_FRAME_SIZE;
    this.#initialSendWindow = options.initialSendWindow ?? (() => 0);
    this.#reactions = options.reactions ?? WATCH_ONLY;
    this.#hpack = new HpackDecoder({
      maxHeaderListBytes: this.#limits.maxHeaderListBytes,
      ...(options.headerTableSize === undefined ? {} : { headerTableSize: options.headerTableSize }),
    });
    this.#flood = new FloodBudget(this.#limits.framesWithoutUse, this.#limits.framesWithoutUseEarned);
    this.#block = new FieldBlock(this.#limits.maxHeaderListBytes);
    this.#goaways = new GoawayLedger(this.#limits.goawayDebugChars);
    this.#closed = new ClosedStreams(this.#limits.resetStreamsRemembered);
    this.#frames = new FrameDecoder(this.#sink());
  }

  /** The first SETTINGS came. */
  get ready(): boolean {
    return this.#ready;
  }

  /** A GOAWAY came. */
  get draining(): boolean {
    return this.#goaways.count > 0;
  }

  /** The peer broke a rule of the connection: nothing more is read. */
  get failed(): boolean {
    return this.#failed;
  }

  get openStreams(): number {
    return this.#open.size;
  }

  /** Streams that are open, oldest first. */
  streams(): Iterable<OpenStream> {
    return this.#open.values();
  }

  stream(id: StreamId): OpenStream | undefined {
    return this.#open.get(id);
  }

  /** Bytes from the peer, in any cut. */
  receive(bytes: Uint8Array, facts: H2Fact[]): void {
    if (this.#failed) return;
    this.#facts = facts;
    this.#frames.push(bytes);
    this.#facts = [];
  }

  /** The client opened a stream. Call it before bytes of its response can arrive. */
  opened(id: StreamId, request: RequestId, method: string, tap: ResponseTap | null = null): OpenStream {
    const stream = openStream(id, request, method, this.#initialSendWindow(), tap);
    this.#open.set(id, stream);
    if (id > this.#highestStream) this.#highestStream = id;
    this.#flood.earn();
    return stream;
  }

  /** The client sent RST_STREAM: late frames are swallowed. The stream as it was, or `undefined` if it was not open. */
  reset(id: StreamId): OpenStream | undefined {
    const stream = this.#open.get(id);
    if (stream === undefined) return undefined;
    this.#open.delete(id);
    this.#closed.remember(id, "reset-by-us");
    return stream;
  }

  /** The client sent something that the peer answers by itself, such as PING, or content, for which it opens windows. */
  acted(contentBytes = 0): void {
    this.#flood.earn(contentBytes >>> 6);
  }

  #sink(): FrameSink {
    return {
      frameStarted: (type, flags, stream, length) => this.#frameStarted(type, flags, stream, length),
      frame: (type, flags, stream, payload) => this.#frame(type, flags, stream, payload),
      dataPaddingWrong: () => this.#connectionError(VIOLATIONS.dataPadding),
      dataStarted: (flags, stream, length, content) => this.#dataStarted(flags, stream, length, content),
      dataContent: (bytes, from, to) => this.#tap?.content(bytes.subarray(from, to)),
      dataEnded: (endStream, stream) => this.#dataEnded(endStream, stream),
    };
  }

  #frameStarted(type: number, flags: number, stream: number, length: number): boolean {
    if (!this.#ready) {
      const violation = checkFirstFrame(type, flags, length);
      if (violation !== null) return this.#connectionError(violation);
    }
    if (length > this.#maxFrameSize) return this.#connectionError(VIOLATIONS.frameTooLarge);
    const blockOn = this.#block.openOn;
    if (blockOn !== 0) {
      return type === CONTINUATION && stream === blockOn
        ? true
        : this.#connectionError(VIOLATIONS.continuationExpected);
    }
    const violation = checkFrameHeader(type, flags, stream, length);
    if (violation !== null) return this.#connectionError(violation);
    if ((type === DATA || type === HEADERS) && this.#isIdle(stream)) {
      return this.#connectionError((stream & 1) === 0 ? VIOLATIONS.serverStream : VIOLATIONS.idleStream);
    }
    return true;
  }

  #frame(type: number, flags: number, stream: number, payload: Uint8Array): boolean {
    switch (type) {
      case HEADERS:
        return this.#headers(flags, stream, payload);
      case CONTINUATION:
        return this.#continuation(flags, stream, payload);
      case SETTINGS:
        return (flags & FLAG_ACK) !== 0 ? this.#spend(1) : this.#settings(payload);
      case PING:
        return this.#ping(flags, payload);
      case GOAWAY:
        return this.#goaway(payload);
      case RST_STREAM:
        return this.#rstStream(stream, readUint32(payload, 0));
      case WINDOW_UPDATE:
        return this.#windowUpdate(stream, readUint31(payload, 0));
      case PRIORITY:
        return this.#priority(stream, payload.length);
      default:
        return this.#spend(1);
    }
  }

  #dataStarted(flags: number, id: StreamId, length: number, content: number): boolean {
    if (!this.#reactions.connectionData(length)) return this.#connectionError(VIOLATIONS.connectionWindowExceeded);
    this.#tap = null;
    const stream = this.#open.get(id);
    if (stream === undefined) return this.#onClosedStream(id, 1 + (length >>> LATE_BYTES_SHIFT));
    const last = (flags & FLAG_END_STREAM) !== 0;
    if (!this.#reactions.streamData(stream, length)) return this.#streamError(stream, VIOLATIONS.streamWindowExceeded);
    if (stream.phase === "head") return this.#streamError(stream, VIOLATIONS.dataBeforeHeaders);
    if (content === 0) return last ? true : this.#spend(1);
    if (stream.contentless) return this.#streamError(stream, VIOLATIONS.contentForbidden);
    stream.received += content;
    if (stream.contentLength >= 0 && stream.received > stream.contentLength) {
      return this.#streamError(stream, VIOLATIONS.contentTooLong);
    }
    this.#flood.earn();
    if (!stream.dataSeen) {
      stream.dataSeen = true;
      this.#facts.push({ kind: "h2.data.received", stream: id, request: stream.request });
    }
    this.#tap = stream.tap;
    return true;
  }

  #dataEnded(endStream: boolean, id: StreamId): boolean {
    const stream = endStream ? this.#open.get(id) : undefined;
    if (stream !== undefined) this.#ended(stream);
    return true;
  }

  #headers(flags: number, id: StreamId, payload: Uint8Array): boolean {
    const fragment = headersFragment(flags, payload);
    if (fragment === null) return this.#connectionError(VIOLATIONS.headersPadding);
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    if (endsHeaders(flags)) return this.#fieldSection(id, endStream, fragment);
    this.#block.begin(id, endStream);
    return this.#block.append(fragment) ? true : this.#connectionError(VIOLATIONS.headerBlockTooLarge);
  }

  #continuation(flags: number, id: StreamId, payload: Uint8Array): boolean {
    if (!this.#block.append(payload)) return this.#connectionError(VIOLATIONS.headerBlockTooLarge);
    if (!this.#spend(1 + (payload.length >>> FIELD_BYTES_SHIFT))) return false;
    if (!endsHeaders(flags)) return true;
    return this.#fieldSection(id, this.#block.endStream, this.#block.finish());
  }

  #fieldSection(id: StreamId, endStream: boolean, block: Uint8Array): boolean {
    if (!this.#spend(block.length >>> FIELD_BYTES_SHIFT)) return false;
    const stream = this.#open.get(id);
    this.#head.reset(stream?.phase === "head" ? stream.tap : null);
    const fault = this.#hpack.decode(block, stream === undefined ? null : this.#head);
    if (fault !== null) return this.#connectionError(fault);
    if (stream === undefined) return this.#onClosedStream(id);
    if (this.#hpack.tooLarge) return this.#streamError(stream, VIOLATIONS.headerListTooLarge);
    return stream.phase === "head" ? this.#responseHead(stream, endStream) : this.#trailers(stream, endStream);
  }

  #responseHead(stream: OpenStream, endStream: boolean): boolean {
    const head = this.#head;
    const violation = head.responseViolation();
    if (violation !== null) return this.#streamError(stream, violation);
    if (head.status < 200) {
      if (head.status === 101) return this.#streamError(stream, VIOLATIONS.switchingProtocols);
      return endStream ? this.#streamError(stream, VIOLATIONS.informationalWithEnd) : this.#spend(1);
    }
    stream.phase = "body";
    stream.contentless = stream.head || head.status === 204 || head.status === 304;
    stream.contentLength = head.contentLength ?? -1;
    this.#flood.earn();
    this.#facts.push({
      kind: "h2.headers.received",
      stream: stream.id,
      request: stream.request,
      status: head.status,
      endStream,
      contentLength: head.contentLength,
      retryAfter: head.retryAfter === null ? null : printableText(head.retryAfter, RETRY_AFTER_CHARS),
    });
    if (endStream) this.#ended(stream);
    return true;
  }

  #trailers(stream: OpenStream, endStream: boolean): boolean {
    if (!endStream) return this.#streamError(stream, VIOLATIONS.trailersWithoutEnd);
    const violation = this.#head.trailersViolation();
    if (violation !== null) return this.#streamError(stream, violation);
    this.#ended(stream);
    return true;
  }

  /**
   * END_STREAM. Content shorter than announced is malformed too (RFC 9113 §8.1.1), but the stream is over and there is
   * nothing left to reset: the facts say how many bytes came, and whoever judges compares.
   */
  #ended(stream: OpenStream): void {
    this.#open.delete(stream.id);
    this.#facts.push({ kind: "h2.stream.ended", stream: stream.id, request: stream.request, bytes: stream.received });
    if (this.#reactions.streamEnded(stream, this.#facts)) this.#closed.remember(stream.id, "reset-by-us");
  }

  #settings(payload: Uint8Array): boolean {
    const violation = checkSettings(payload);
    if (violation !== null) return this.#connectionError(violation);
    this.#ready = true;
    this.#facts.push({ kind: "h2.settings.received", settings: readSettings(payload) });
    const refused = this.#reactions.settings(payload);
    return refused === null ? this.#spend(RECORDED) : this.#connectionError(refused);
  }

  #ping(flags: number, payload: Uint8Array): boolean {
    if ((flags & FLAG_ACK) === 0) this.#reactions.ping(payload);
    else this.#facts.push({ kind: "h2.ping.ack.seen", opaque: hexOf(payload) });
    return this.#spend(1);
  }

  #goaway(payload: Uint8Array): boolean {
    const { fact, raised } = this.#goaways.take(payload);
    this.#facts.push(fact);
    if (raised) return this.#connectionError(VIOLATIONS.goawayIncreased);
    for (const stream of this.#open.values()) {
      if (stream.id <= this.#goaways.lastStreamId) continue;
      this.#open.delete(stream.id);
      this.#closed.remember(stream.id, "released");
      this.#reactions.streamGone(stream);
    }
    return this.#spend(RECORDED);
  }

  #rstStream(id: StreamId, errorCode: number): boolean {
    if (this.#isIdle(id)) return this.#connectionError(VIOLATIONS.rstOnIdleStream);
    const stream = this.#open.get(id);
    this.#facts.push({ kind: "h2.rst_stream.received", stream: id, request: stream?.request ?? null, errorCode });
    if (stream === undefined) return this.#spend(RECORDED); // it crossed ours, or ends what had ended: both allowed (§5.1)
    this.#open.delete(id);
    this.#closed.remember(id, "reset-by-peer");
    this.#reactions.streamGone(stream);
    return true;
  }

  #windowUpdate(id: StreamId, increment: number): boolean {
    if (id === 0) {
      if (increment === 0) return this.#connectionError(VIOLATIONS.windowUpdateZero);
      if (!this.#reactions.windowUpdate(null, increment)) return this.#connectionError(VIOLATIONS.windowOverflow);
      return this.#spend(1);
    }
    if (this.#isIdle(id)) return this.#connectionError(VIOLATIONS.windowUpdateIdle);
    const stream = this.#open.get(id);
    if (stream !== undefined) {
      if (increment === 0) return this.#streamError(stream, VIOLATIONS.windowUpdateZero);
      if (!this.#reactions.windowUpdate(stream, increment)) return this.#streamError(stream, VIOLATIONS.windowOverflow);
    }
    return this.#spend(1);
  }

  #priority(id: StreamId, length: number): boolean {
    if (length === 5) return this.#spend(1);
    const stream = this.#open.get(id);
    // A stream that is not open cannot be reset, so the error is the connection's.
    if (stream === undefined) return this.#connectionError(VIOLATIONS.priorityLength);
    return this.#streamError(stream, VIOLATIONS.priorityLength);
  }

  /** HEADERS or DATA on a stream that was open once (RFC 9113 §5.1, "closed"). */
  #onClosedStream(id: StreamId, weight = 1): boolean {
    const closing: Closing = this.#closed.closingOf(id);
    switch (closing) {
      case "reset-by-us":
      case "forgotten":
        return this.#spend(weight);
      case "reset-by-peer":
        return this.#brokenRule(id, null, VIOLATIONS.streamReset);
      case "released":
        return this.#brokenRule(id, null, VIOLATIONS.aboveGoaway);
      case "ended":
        return this.#connectionError(VIOLATIONS.streamClosed);
      default:
        return closing satisfies never;
    }
  }

  #isIdle(id: StreamId): boolean {
    return id > this.#highestStream || (id & 1) === 0;
  }

  #spend(weight: number): boolean {
    return this.#flood.spend(weight) ? true : this.#connectionError(VIOLATIONS.framesWithoutUse);
  }

  #streamError(stream: OpenStream, violation: Violation): boolean {
    this.#open.delete(stream.id);
    return this.#brokenRule(stream.id, stream.request, violation);
  }

  #brokenRule(id: StreamId, request: RequestId | null, { code, rule, message }: Violation): boolean {
    this.#closed.remember(id, "reset-by-us");
    this.#facts.push({ kind: "h2.protocol.error", stream: id, request, errorCode: code, rule, message });
    this.#reactions.streamError(id, request, code, this.#facts);
    return this.#spend(RECORDED);
  }

  #connectionError({ code, rule, message }: Violation): false {
    this.#failed = true;
    this.#facts.push({ kind: "h2.protocol.error", stream: null, request: null, errorCode: code, rule, message });
    this.#reactions.connectionError(code, this.#facts);
    return false;
  }
}
