import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { PathOptions } from "../src/probe-options.js";

const PREFACE_BYTES = 24;

/** One frame as the client sent it. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const HEADERS = 1;
export const SETTINGS = 4;
export const PING = 6;

/** The server's end of an h2c connection, frame by frame: it does nothing that a test does not tell it. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #bytes = Buffer.alloc(0);
  #preface = true;

  constructor(socket: Socket, onFrame: (peer: RawPeer, frame: Frame) => void) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      if (this.#preface) {
        if (this.#bytes.length < PREFACE_BYTES) return;
        this.#bytes = this.#bytes.subarray(PREFACE_BYTES);
        this.#preface = false;
      }
      for (let frame = this.#next(); frame !== null; frame = this.#next()) {
        this.frames.push(frame);
        onFrame(this, frame);
      }
    });
  }

  send(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): void {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flags, 4);
    header.writeUInt32BE(stream, 5);
    this.socket.write(Buffer.concat([header, payload]));
  }

  settings(): void {
    this.send(SETTINGS, 0, 0);
  }

  /** `:status: 200`, with END_STREAM. */
  answer(stream: number): void {
    this.send(HEADERS, 0x5, stream, Buffer.from([0x88]));
  }

  goaway(lastStreamId: number, errorCode = 0): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(errorCode, 4);
    this.send(7, 0, 0, payload);
  }

  #next(): Frame | null {
    if (this.#bytes.length < 9) return null;
    const length = this.#bytes.readUIntBE(0, 3);
    if (this.#bytes.length < 9 + length) return null;
    const frame = {
      type: this.#bytes.readUInt8(3),
      flags: this.#bytes.readUInt8(4),
      stream: this.#bytes.readUInt32BE(5) & 0x7fff_ffff,
      payload: Buffer.from(this.#bytes.subarray(9, 9 + length)),
    };
    this.#bytes = this.#bytes.subarray(9 + length);
    return frame;
  }
}

export interface RawH2Server extends AsyncDisposable {
  readonly path: PathOptions;
  readonly port: number;
  readonly peers: RawPeer[];
}

export async function startRawH2Server(options: {
  readonly port?: number;
  readonly onPeer?: (peer: RawPeer, index: number) => void;
  readonly onFrame?: (peer: RawPeer, frame: Frame, index: number) => void;
}): Promise<RawH2Server> {
  const peers: RawPeer[] = [];
  const server = createServer((socket) => {
    const index = peers.length;
    const peer = new RawPeer(socket, (from, frame) => options.onFrame?.(from, frame, index));
    peers.push(peer);
    options.onPeer?.(peer, index);
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    path: { name: "raw", url: `http://127.0.0.1:${port}/raw` },
    port,
    peers,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const peer of peers) peer.socket.destroy();
      await once(server, "close");
    },
  };
}
