import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import {
  CLIENT_PREFACE,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  frame,
  pingFrame,
  settingsAckFrame,
  settingsFrame,
} from "../src/h2/frame.js";

/** How the peer ended the TCP connection, as the client's kernel saw it. */
export type End = "fin" | "rst" | "fin+rst";

export interface BareClientOptions {
  readonly port: number;
  readonly ca?: string;
  readonly serverName?: string;
  /** Do not answer the peer's end, so that what comes after it can be seen. */
  readonly stayOpen?: boolean;
}

/** `:method GET`, `:scheme https`, `:authority x`, then `:path` as a literal without indexing. */
const GET = Buffer.of(0x82, 0x87, 0x01, 0x01, 0x78, 0x04);

/** A client from net, tls and hand-written frames: enough to see on the wire what a server did. */
export class BareClient {
  readonly raw: Socket;
  readonly frames: Frame[] = [];
  /** Ciphertext from the server, in order, before TLS. */
  readonly ciphertext: Buffer[] = [];
  /** close_notify came, before the FIN. */
  closeNotify = false;
  readonly ended: Promise<End>;
  readonly ready: Promise<void>;
  readonly #reader = new FrameReader();
  readonly #plain: Duplex;
  readonly #watchers = new Set<() => void>();
  #nextStream = 1;
  #rawEnded = false;

  constructor(options: BareClientOptions) {
    this.raw = connect({ host: "127.0.0.1", port: options.port, allowHalfOpen: true });
    this.raw.setNoDelay(true);
    this.ended = new Promise((resolve) => {
      this.raw.on("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EPIPE" ? "fin+rst" : "rst"));
      this.raw.on("end", () => {
        this.#rawEnded = true;
        if (this.raw.writableEnded || hasPeer(this.raw)) resolve("fin");
        else
          this.raw.write("x", (error) =>
            resolve((error as NodeJS.ErrnoException | null)?.code === "EPIPE" ? "fin+rst" : "rst"),
          );
        if (options.stayOpen !== true) setImmediate(() => this.raw.destroy());
      });
    });
    if (options.ca === undefined) {
      this.#plain = this.raw;
      this.raw.on("data", (bytes: Buffer) => this.ciphertext.push(bytes));
      this.ready = new Promise((resolve) => this.raw.once("connect", () => resolve()));
    } else {
      const tls = this.#startTls(options.ca, options.serverName);
      this.#plain = tls;
      this.ready = new Promise((resolve, reject) => {
        tls.once("secureConnect", () => resolve());
        tls.once("error", reject);
      });
      this.ready.catch(() => {});
    }
    this.#plain.on("data", (bytes: Buffer) => this.#receive(bytes));
    void this.ready.then(
      () => this.send(CLIENT_PREFACE, settingsFrame()),
      () => {},
    );
  }

  send(...parts: readonly Buffer[]): void {
    this.#plain.write(Buffer.concat(parts));
  }

  get(path = "/"): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.send(
      frame(
        FRAME.HEADERS,
        FLAG.END_HEADERS | FLAG.END_STREAM,
        stream,
        Buffer.concat([GET, Buffer.of(path.length), Buffer.from(path)]),
      ),
    );
    return stream;
  }

  ping(): void {
    this.send(pingFrame(Buffer.alloc(8), false));
  }

  /** Resolves when the frames so far satisfy `condition`. */
  seen(condition: (frames: readonly Frame[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition(this.frames)) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
  }

  of(type: number): Frame[] {
    return this.frames.filter((f) => f.type === type);
  }

  goaways(): { last: number; code: number; debug: string }[] {
    return this.of(FRAME.GOAWAY).map(({ payload }) => ({
      last: payload.readUInt32BE(0),
      code: payload.readUInt32BE(4),
      debug: payload.subarray(8).toString(),
    }));
  }

  /** Streams with END_STREAM from the server. */
  complete(): number[] {
    return this.frames
      .filter((f) => (f.type === FRAME.DATA || f.type === FRAME.HEADERS) && (f.flags & FLAG.END_STREAM) !== 0)
      .map((f) => f.stream);
  }

  destroy(): void {
    this.raw.destroy();
  }

  #receive(bytes: Buffer): void {
    for (const f of this.#reader.push(bytes)) {
      this.frames.push(f);
      if (f.type === FRAME.SETTINGS && !(f.flags & FLAG.ACK)) this.send(settingsAckFrame());
      if (f.type === FRAME.PING && !(f.flags & FLAG.ACK)) this.send(pingFrame(f.payload, true));
    }
    for (const check of this.#watchers) check();
  }

  #startTls(ca: string, serverName: string | undefined): TLSSocket {
    const { raw } = this;
    const pipe = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (raw.writable) raw.write(chunk, () => done());
        else done();
      },
    });
    raw.on("data", (bytes: Buffer) => {
      this.ciphertext.push(bytes);
      pipe.push(bytes);
    });
    raw.on("end", () => pipe.push(null));
    const tls = tlsConnect({ socket: pipe, ca, servername: serverName ?? "localhost", ALPNProtocols: ["h2"] });
    tls.on("error", () => {});
    tls.on("end", () => {
      this.closeNotify = !this.#rawEnded;
    });
    return tls;
  }
}

/** Is there still somebody on the other side? The kernel forgets the peer's name at RST, not at FIN. */
function hasPeer(socket: Socket): boolean {
  const handle = (socket as unknown as { _handle: { getpeername(out: object): number } | null })._handle;
  return handle !== null && handle.getpeername({}) === 0;
}
