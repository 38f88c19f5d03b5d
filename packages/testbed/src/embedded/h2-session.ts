import type { TLSSocket } from "node:tls";
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
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
  withoutPadding,
} from "../h2/frame.js";
import { encodeHeaders, HeaderDecoder, type HeaderField } from "../h2/hpack.js";
import { SendWindows } from "../server/send-windows.js";
import type { Answer, Handler, Responder, Who } from "./exchange.js";

const SETTINGS_MAX_CONCURRENT_STREAMS = 3;
const MAX_CONCURRENT_STREAMS = 250;

interface Stream {
  headers: HeaderField[];
  readonly block: Buffer[];
  readonly body: Buffer[];
  endStream: boolean;
  onGone: () => void;
}

/** Options of {@link H2Session}. */
export interface H2SessionOptions {
  readonly socket: TLSSocket;
  readonly handler: Handler;
  readonly who: (authorization: string) => Who;
  readonly lingerMs: number;
}

/**
 * One HTTP/2 connection as Go's server keeps it: one GOAWAY with the highest stream it has read, streams up to it served to their end,
 * those above it ignored without a word, and close_notify and FIN a while after the last one ended.
 *
 * Written on frames of our own because node:http2 does otherwise: it refuses those streams by RST_STREAM and closes at once.
 */
export class H2Session {
  readonly #options: H2SessionOptions;
  readonly #reader = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  readonly #windows: SendWindows;
  readonly #streams = new Map<number, Stream>();
  #prefaceLeft = CLIENT_PREFACE.length;
  #lastRead = 0;
  #promised: number | null = null;
  #linger: NodeJS.Timeout | null = null;

  constructor(options: H2SessionOptions) {
    this.#options = options;
    const { socket } = options;
    this.#windows = new SendWindows((bytes) => this.#write(bytes));
    void this.#write(settingsFrame([[SETTINGS_MAX_CONCURRENT_STREAMS, MAX_CONCURRENT_STREAMS]]));
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    socket.on("close", () => {
      if (this.#linger !== null) clearTimeout(this.#linger);
      this.#windows.drop();
      for (const stream of this.#streams.values()) stream.onGone();
      this.#streams.clear();
    });
  }

  /** Once. */
  goaway(): void {
    if (this.#promised !== null) return;
    this.#promised = this.#lastRead;
    void this.#write(goawayFrame(this.#lastRead, CODE.NO_ERROR));
    this.#closeWhenIdle();
  }

  #write(bytes: Buffer): Promise<void> {
    const { socket } = this.#options;
    if (!socket.writable) return Promise.resolve();
    return new Promise((resolve) => socket.write(bytes, () => resolve()));
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
    if (this.#promised !== null && f.stream > this.#promised) return;
    switch (f.type) {
      case FRAME.SETTINGS:
        if ((f.flags & FLAG.ACK) !== 0) return;
        this.#windows.settings(f.payload);
        void this.#write(settingsAckFrame());
        return;
      case FRAME.PING:
        if ((f.flags & FLAG.ACK) === 0) void this.#write(pingFrame(f.payload, true));
        return;
      case FRAME.WINDOW_UPDATE:
        this.#windows.update(f.stream, f.payload.readUInt32BE(0) & 0x7fffffff);
        return;
      case FRAME.RST_STREAM:
        this.#windows.forget(f.stream);
        this.#streams.get(f.stream)?.onGone();
        this.#over(f.stream);
        return;
      case FRAME.HEADERS:
      case FRAME.CONTINUATION:
        this.#header(f);
        return;
      case FRAME.DATA:
        this.#data(f);
    }
  }

  #header(f: Frame): void {
    const stream = this.#streams.get(f.stream) ?? {
      headers: [],
      block: [],
      body: [],
      endStream: false,
      onGone: () => {},
    };
    this.#streams.set(f.stream, stream);
    this.#lastRead = Math.max(this.#lastRead, f.stream);
    if (f.type === FRAME.HEADERS) stream.endStream = (f.flags & FLAG.END_STREAM) !== 0;
    stream.block.push(withoutPadding(f));
    if ((f.flags & FLAG.END_HEADERS) === 0) return;
    stream.headers = [...stream.headers, ...this.#decoder.decode(Buffer.concat(stream.block))];
    stream.block.length = 0;
    if (stream.endStream) this.#request(f.stream, stream);
  }

  #data(f: Frame): void {
    const stream = this.#streams.get(f.stream);
    const updates = f.payload.length > 0 ? [windowUpdateFrame(0, f.payload.length)] : [];
    const awaited = stream !== undefined && !stream.endStream;
    if (awaited) {
      stream.body.push(withoutPadding(f));
      stream.endStream = (f.flags & FLAG.END_STREAM) !== 0;
      if (!stream.endStream && f.payload.length > 0) updates.push(windowUpdateFrame(f.stream, f.payload.length));
    }
    if (updates.length > 0) void this.#write(Buffer.concat(updates));
    if (awaited && stream.endStream) this.#request(f.stream, stream);
  }

  #request(id: number, stream: Stream): void {
    const header = (name: string): string => stream.headers.find(([key]) => key === name)?.[1] ?? "";
    const authorization = header("authorization");
    this.#options.handler(
      {
        protocol: "h2",
        method: header(":method"),
        path: header(":path"),
        userAgent: header("user-agent"),
        authorization,
        body: Buffer.concat(stream.body).toString("utf8"),
        who: this.#options.who(authorization),
      },
      this.#responder(id, stream),
    );
  }

  #responder(id: number, stream: Stream): Responder {
    const open = (): boolean => this.#streams.get(id) === stream;
    return {
      answer: (answer) => {
        if (open()) this.#answer(id, answer);
      },
      begin: () => {
        if (open()) void this.#write(headersFrame(id, encodeHeaders(head(200, "application/json")), false));
      },
      write: (text) => {
        if (open()) void this.#windows.send(id, Buffer.from(text), false);
      },
      end: () => {
        if (open()) void this.#windows.send(id, Buffer.alloc(0), true).then(() => this.#over(id));
      },
      lastOfItsConnection: () => this.goaway(),
      onGone: (listener) => {
        stream.onGone = listener;
      },
    };
  }

  #answer(id: number, { status, contentType, body, retryAfterSeconds }: Answer): void {
    const content = Buffer.from(body);
    const block = encodeHeaders([
      ...head(status, contentType),
      ["content-length", String(content.length)],
      ...(retryAfterSeconds === undefined ? [] : ([["retry-after", String(retryAfterSeconds)]] as const)),
    ]);
    if (this.#windows.fits(content.length)) {
      this.#windows.take(content.length);
      void this.#write(Buffer.concat([headersFrame(id, block, false), dataFrame(id, content, true)]));
      this.#over(id);
    } else {
      void this.#write(headersFrame(id, block, false));
      void this.#windows.send(id, content, true).then(() => this.#over(id));
    }
  }

  #over(id: number): void {
    this.#streams.delete(id);
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#promised === null || this.#streams.size > 0 || this.#linger !== null) return;
    const { socket, lingerMs } = this.#options;
    // close(2), as Go: a client that is not there any more is not waited for.
    this.#linger = setTimeout(() => socket.destroySoon(), lingerMs);
  }
}

function head(status: number, contentType: string): HeaderField[] {
  return [
    [":status", String(status)],
    ["content-type", contentType],
  ];
}
