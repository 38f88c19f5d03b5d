import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, type SecureVersion, TLSSocket } from "node:tls";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import type { Identity } from "../../testbed/src/certificates/identity.js";

/** The server's end of one connection: plaintext through `plain`, everything else on `raw`. */
export interface Peer {
  readonly raw: Socket;
  readonly plain: Duplex;
  /** From now on, only the first `bytes` bytes of ciphertext are sent and the rest is thrown away. */
  cutAfter(bytes: number): void;
  /** From now on, the end of TLS or of the peer does not end the socket. */
  holdFin(): void;
}

class Pipe extends Duplex {
  allowance = Number.POSITIVE_INFINITY;
  finHeld = false;
  readonly #raw: Socket;
  constructor(raw: Socket) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
    raw.on("data", (bytes) => this.push(bytes));
    raw.on("end", () => this.push(null));
    raw.on("close", () => this.destroy());
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const sent = chunk.subarray(0, this.allowance);
    this.allowance -= sent.length;
    if (sent.length === 0) done();
    else this.#raw.write(sent, () => done());
  }
  override _final(done: () => void): void {
    if (!this.finHeld) this.#raw.end();
    done();
  }
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  /** The next connection, when its TLS (if any) is up. */
  nextPeer(): Promise<Peer>;
}

export interface ServerOptions {
  readonly tls: boolean;
  readonly identity?: Identity;
  readonly alpn?: readonly string[];
  readonly maxVersion?: SecureVersion;
  /** Answer the client's FIN with ours, as servers do. */
  readonly answerFin?: boolean;
  /** Called with the bare socket instead of setting anything up on it. */
  readonly onRaw?: (raw: Socket) => void;
}

export async function startServer(options: ServerOptions): Promise<TestServer> {
  const identity = options.identity ?? (await certificates()).good;
  const context: SecureContext | null = options.tls
    ? createSecureContext({ cert: identity.cert, key: identity.key, maxVersion: options.maxVersion ?? "TLSv1.3" })
    : null;
  const waiting: ((peer: Peer) => void)[] = [];
  const ready: Peer[] = [];
  const sockets = new Set<Socket>();
  const offer = (peer: Peer): void => {
    const next = waiting.shift();
    if (next === undefined) ready.push(peer);
    else next(peer);
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    sockets.add(raw);
    raw.on("close", () => sockets.delete(raw));
    raw.on("error", () => {});
    if (options.answerFin === true) raw.on("end", () => raw.end());
    if (options.onRaw !== undefined) {
      options.onRaw(raw);
      return;
    }
    const pipe = new Pipe(raw);
    const cutAfter = (bytes: number): void => {
      pipe.allowance = bytes;
    };
    const holdFin = (): void => {
      pipe.finHeld = true;
    };
    if (context === null) {
      pipe.resume();
      offer({ raw, plain: pipe, cutAfter, holdFin });
      return;
    }
    const plain = new TLSSocket(pipe, {
      isServer: true,
      secureContext: context,
      ...(options.alpn?.length === 0 ? {} : { ALPNProtocols: [...(options.alpn ?? ["h2"])] }),
    });
    plain.on("error", () => {});
    plain.on("secure", () => offer({ raw, plain, cutAfter, holdFin }));
    plain.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    server,
    nextPeer: () =>
      new Promise((resolve) => {
        const peer = ready.shift();
        if (peer === undefined) waiting.push(resolve);
        else resolve(peer);
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
