import type { Socket } from "node:net";
import type { Hooks } from "../faults/fault.js";
import {
  CLIENT_PREFACE,
  CODE,
  dataFrame,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  goawayFrame,
  headersFrame,
  pingFrame,
  rstStreamFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
  withoutPadding,
} from "../h2/frame.js";
import { encodeHeaders, HeaderDecoder, type HeaderField } from "../h2/hpack.js";
import { Conditions } from "./conditions.js";
import { healthyAnswer } from "./healthy-answer.js";
import { SendWindows } from "./send-windows.js";
import { Wire, type WireTls } from "./wire.js";

/** A request as the server got it: headers and body whole. */
export interface ServerRequest {
  readonly stream: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly HeaderField[];
  readonly bodyBytes: number;
}

/** What the server that owns a connection hears of it, after the fact. */
export interface ConnectionObserver {
  onActivity(): void;
}

interface Incoming {
  headers: HeaderField[];
  block: Buffer[];
  endStream: boolean;
  bodyBytes: number;
}

/**
 * One HTTP/2 connection of the raw server. Left alone it is a decent server; a fault's hooks and methods make it any
 * other. Methods send what they are told, in any order and state.
 */
export class ServerConnection {
  /** 0 for the first connection the server accepted. */
  readonly index: number;
  readonly wire: Wire;
  /** Requests received and neither answered to the end nor reset, in the order of their streams. */
  readonly open = new Map<number, ServerRequest>();
  /** Streams the client reset, with its code. */
  readonly resetByClient = new Map<number, number>();
  /** Highest stream the client has opened. */
  lastStream = 0;
  requests = 0;
  /** Answers sent to their END_STREAM. */
  answered = 0;
  pings = 0;
  /** Plaintext can flow. */
  secured = false;
  settingsAcked = false;
  closed = false;
  /** The client's GOAWAY, close_notify or FIN was seen: it is leaving. */
  peerLeft = false;

  readonly #reader = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  readonly #incoming = new Map<number, Incoming>();
  readonly #windows: SendWindows;
  readonly #observer: ConnectionObserver;
  readonly #conditions = new Conditions();
  #hooks: Hooks = {};
  #prefaceLeft = CLIENT_PREFACE.length;

  constructor(index: number, socket: Socket, tls: WireTls | null, observer: ConnectionObserver) {
    this.index = index;
    this.#observer = observer;
    this.#windows = new SendWindows((bytes) => this.wire.write(bytes));
    this.wire = new Wire(socket, tls, {
      onCiphertext: (bytes) => this.#hooks.onCiphertext?.(bytes) ?? false,
      onSecure: () => {
        this.secured = true;
        if (this.#hooks.onSecure?.() !== true) void this.wire.write(settingsFrame());
        this.look();
      },
      onPlaintext: (bytes) => this.#receive(bytes),
      onPeerEnd: () => {
        this.peerLeft = true;
        void this.wire.close();
        this.look();
      },
      onClosed: () => {
        this.closed = true;
        this.#windows.drop();
        this.look();
      },
    });
  }

  /** Puts a fault's hooks in. Called before the first byte is read. */
  setHooks(hooks: Hooks): void {
    this.#hooks = hooks;
  }

  /** Any bytes as plaintext, valid HTTP/2 or not. */
  send(...frames: readonly Buffer[]): Promise<void> {
    return this.wire.write(Buffer.concat(frames));
  }

  /** Final response headers; `extra` follows `:status`. */
  headers(stream: number, status: number, extra: readonly HeaderField[] = [], endStream = false): Promise<void> {
    if (endStream) this.#answered(stream);
    return this.send(headersFrame(stream, encodeHeaders([[":status", String(status)], ...extra]), endStream));
  }

  /** Content within the client's flow-control windows; resolves when all of it is in the kernel. */
  async data(stream: number, content: Buffer, endStream = false): Promise<void> {
    await this.#windows.send(stream, content, endStream);
    if (endStream) this.#answered(stream);
  }

  /** A whole answer. Without arguments a small 200. */
  async answer(
    stream: number,
    status = 200,
    body = '{"from":"testbed"}\n',
    extra: readonly HeaderField[] = [],
  ): Promise<void> {
    const content = Buffer.from(body, "utf8");
    const length: HeaderField = ["content-length", String(content.length)];
    const block = encodeHeaders([[":status", String(status)], ["content-type", "application/json"], length, ...extra]);
    if (this.#windows.fits(content.length)) {
      this.#windows.take(content.length);
      this.#answered(stream);
      await this.send(headersFrame(stream, block, false), dataFrame(stream, content, true));
    } else {
      await this.send(headersFrame(stream, block, false));
      await this.data(stream, content, true);
    }
  }

  /** HEADERS announcing `announced` bytes and the first `sent` of them, so that the rest is missing. */
  beginAnswer(stream: number, announced = 65_536, sent = 1_024): Promise<void> {
    this.#windows.take(sent);
    const block = encodeHeaders([
      [":status", "200"],
      ["content-type", "application/octet-stream"],
      ["content-length", String(announced)],
    ]);
    return this.send(headersFrame(stream, block, false), dataFrame(stream, Buffer.alloc(sent, "x"), false));
  }

  goaway(lastStreamId: number, errorCode: number = CODE.NO_ERROR, debug = ""): Promise<void> {
    return this.send(goawayFrame(lastStreamId, errorCode, debug));
  }

  resetStream(stream: number, errorCode: number): Promise<void> {
    this.open.delete(stream);
    return this.send(rstStreamFrame(stream, errorCode));
  }

  /** PING of ours; its answer comes by the hook `onPingAck`. */
  ping(): Promise<void> {
    return this.send(pingFrame(Buffer.from("testbed!"), false));
  }

  /** Resolves as soon as `condition` holds, looked at after everything this connection sees or does. */
  when(condition: () => boolean): Promise<void> {
    return this.#conditions.when(condition);
  }

  /** Something changed: looks at the conditions waited for. */
  look(): void {
    this.#conditions.look();
    this.#observer.onActivity();
  }

  #answered(stream: number): void {
    this.answered++;
    this.open.delete(stream);
    this.look();
  }

  #receive(bytes: Buffer): void {
    let rest = bytes;
    if (this.#prefaceLeft > 0) {
      const skipped = Math.min(this.#prefaceLeft, rest.length);
      this.#prefaceLeft -= skipped;
      rest = rest.subarray(skipped);
    }
    for (const f of this.#reader.push(rest)) this.#frame(f);
  }

  #frame(f: Frame): void {
    switch (f.type) {
      case FRAME.SETTINGS:
        this.#settings(f);
        break;
      case FRAME.PING:
        this.#ping(f);
        break;
      case FRAME.HEADERS:
      case FRAME.CONTINUATION:
        this.#header(f);
        break;
      case FRAME.DATA:
        this.#data(f);
        break;
      case FRAME.WINDOW_UPDATE:
        this.#windows.update(f.stream, f.payload.readUInt32BE(0) & 0x7fffffff);
        break;
      case FRAME.RST_STREAM:
        this.resetByClient.set(f.stream, f.payload.readUInt32BE(0));
        this.open.delete(f.stream);
        this.#incoming.delete(f.stream);
        this.#windows.forget(f.stream);
        break;
      case FRAME.GOAWAY:
        this.peerLeft = true;
        break;
      default:
    }
    this.look();
  }

  #settings(f: Frame): void {
    if (f.flags & FLAG.ACK) {
      this.settingsAcked = true;
      this.#hooks.onSettingsAck?.();
      return;
    }
    this.#windows.settings(f.payload);
    if (this.#hooks.onSettings?.() !== true) void this.send(settingsAckFrame());
  }

  #ping(f: Frame): void {
    if (f.flags & FLAG.ACK) {
      this.#hooks.onPingAck?.();
      return;
    }
    this.pings++;
    if (this.#hooks.onPing?.(f.payload) !== true) void this.send(pingFrame(f.payload, true));
  }

  #header(f: Frame): void {
    const incoming = this.#incoming.get(f.stream) ?? { headers: [], block: [], endStream: false, bodyBytes: 0 };
    this.#incoming.set(f.stream, incoming);
    if (f.type === FRAME.HEADERS) incoming.endStream = (f.flags & FLAG.END_STREAM) !== 0;
    incoming.block.push(withoutPadding(f));
    this.lastStream = Math.max(this.lastStream, f.stream);
    if (!(f.flags & FLAG.END_HEADERS)) return;
    incoming.headers.push(...this.#decoder.decode(Buffer.concat(incoming.block)));
    incoming.block = [];
    if (incoming.endStream) this.#request(f.stream, incoming);
  }

  #data(f: Frame): void {
    const incoming = this.#incoming.get(f.stream);
    const updates = f.payload.length > 0 ? [windowUpdateFrame(0, f.payload.length)] : [];
    if (incoming !== undefined) {
      incoming.bodyBytes += withoutPadding(f).length;
      incoming.endStream = (f.flags & FLAG.END_STREAM) !== 0;
      if (!incoming.endStream && f.payload.length > 0) updates.push(windowUpdateFrame(f.stream, f.payload.length));
    }
    if (updates.length > 0) void this.send(...updates);
    if (incoming?.endStream === true) this.#request(f.stream, incoming);
  }

  #request(stream: number, incoming: Incoming): void {
    this.#incoming.delete(stream);
    const header = (name: string) => incoming.headers.find((h) => h[0] === name)?.[1] ?? "";
    const request: ServerRequest = {
      stream,
      method: header(":method"),
      path: header(":path"),
      headers: incoming.headers,
      bodyBytes: incoming.bodyBytes,
    };
    this.requests++;
    this.open.set(stream, request);
    if (this.#hooks.onRequest?.(request) !== true) healthyAnswer(this, request);
  }
}
