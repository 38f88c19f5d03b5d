import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { TLSSocket } from "node:tls";
import { CipherPipe } from "./cipher-pipe.js";

/** How a server speaks TLS; `null` instead of it means cleartext. */
export interface WireTls {
  readonly secureContext: SecureContext;
  /** What it offers by ALPN; empty: it takes no part in ALPN. */
  readonly alpn: readonly string[];
}

/** What the owner of a {@link Wire} hears. */
export interface WireListener {
  /** Bytes below TLS, before TLS sees them. `true`: they are dealt with, TLS shall not see them. */
  onCiphertext(bytes: Buffer): boolean;
  /** Plaintext can flow. */
  onSecure(): void;
  onPlaintext(bytes: Buffer): void;
  /** The peer's close_notify or FIN, whichever came first. */
  onPeerEnd(): void;
  /** The socket is gone. */
  onClosed(): void;
}

/** A server's end of one connection, with each layer in reach: plaintext, TLS records, the TCP socket. */
export class Wire {
  readonly raw: Socket;
  readonly #listener: WireListener;
  readonly #pipe: CipherPipe | null;
  readonly #tls: TLSSocket | null;
  #secured = false;
  #peerEnded = false;
  #deaf = false;
  #trafficSecret: Buffer | null = null;
  #written: Promise<void> = Promise.resolve();

  constructor(raw: Socket, tls: WireTls | null, listener: WireListener) {
    this.raw = raw;
    this.#listener = listener;
    raw.setNoDelay(true);
    raw.on("error", () => {});
    raw.on("close", () => {
      this.#pipe?.destroy();
      this.#tls?.destroy();
      listener.onClosed();
    });
    this.#pipe = tls === null ? null : new CipherPipe(raw);
    this.#tls = tls === null || this.#pipe === null ? null : this.#startTls(this.#pipe, tls);
    raw.on("data", (bytes: Buffer) => this.#receive(bytes));
    raw.on("end", () => {
      this.#pipe?.feedEnd();
      this.#peerEnd();
    });
    if (tls === null) queueMicrotask(() => this.#ready());
  }

  get secure(): boolean {
    return this.#tls !== null;
  }

  /** Plaintext to the peer. Resolves when the kernel has it, or when it can no longer take it. */
  write(bytes: Buffer): Promise<void> {
    const stream = this.#tls ?? this.raw;
    if (this.#deaf || !stream.writable || !this.raw.writable) return Promise.resolve();
    this.#written = new Promise((resolve) => stream.write(bytes, () => resolve()));
    return this.#written;
  }

  /** Resolves when all plaintext so far has been written. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** Bytes to the peer below TLS. */
  writeBelowTls(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.raw.write(bytes, () => resolve()));
  }

  /** Encrypts `plaintext` and writes the TLS record up to its middle only. */
  async writeHalfRecord(plaintext: Buffer): Promise<void> {
    const record = await this.nextRecord(plaintext);
    await this.writeBelowTls(record.subarray(0, Math.floor(record.length / 2)));
  }

  /** The next record this plaintext becomes, kept back instead of written. */
  nextRecord(plaintext: Buffer): Promise<Buffer> {
    if (this.#pipe === null || this.#tls === null) throw new Error("no TLS on this connection");
    const captured = this.#pipe.capture();
    this.#tls.write(plaintext);
    return captured;
  }

  /** The secret this server's application records are encrypted from, and its cipher suite. TLS 1.3 only. */
  serverTraffic(): { readonly secret: Buffer; readonly cipher: string } {
    if (this.#trafficSecret === null || this.#tls === null) throw new Error("no TLS 1.3 on this connection");
    return { secret: this.#trafficSecret, cipher: this.#tls.getCipher().standardName };
  }

  /** From now on ciphertext goes out one byte at a time. */
  slowDown(everyMs: number): void {
    this.#pipe?.slowDown(everyMs);
  }

  /** FIN, without close_notify. Resolves when the kernel has sent it. */
  fin(): Promise<void> {
    return new Promise((resolve) => this.raw.end(() => resolve()));
  }

  /** RST. */
  rst(): void {
    this.raw.resetAndDestroy();
  }

  /**
   * FIN and RST one right behind the other: nothing else of this thread runs between them. A client that looks after both
   * reads an end of file, and its next write gives EPIPE.
   */
  finThenRst(): Promise<void> {
    return new Promise((resolve) => {
      this.raw.once("close", () => resolve());
      this.raw.end(() => this.raw.resetAndDestroy());
    });
  }

  /** close(2): FIN, and from then on the kernel answers whatever the peer sends with RST. */
  async finAndForget(): Promise<void> {
    await this.fin();
    this.raw.destroy();
  }

  /** close_notify, and nothing else. */
  closeNotify(): Promise<void> {
    const tls = this.#tls;
    if (tls === null || !this.#secured || tls.writableEnded || !this.raw.writable) return Promise.resolve();
    return new Promise((resolve) => tls.end(() => resolve()));
  }

  /** The orderly end: close_notify where there is TLS, then FIN. */
  async close(): Promise<void> {
    await this.closeNotify();
    await this.fin();
  }

  /** From now on nothing is sent and nothing heard; the kernel goes on acknowledging bytes. */
  fallSilent(): void {
    this.#deaf = true;
  }

  destroy(): void {
    this.raw.destroy();
  }

  #startTls(pipe: CipherPipe, options: WireTls): TLSSocket {
    const tls = new TLSSocket(pipe, {
      isServer: true,
      secureContext: options.secureContext,
      ...(options.alpn.length > 0 ? { ALPNProtocols: [...options.alpn] } : {}),
    });
    tls.on("error", () => {});
    tls.on("keylog", (line: Buffer) => {
      const [label, , secret] = line.toString("latin1").trim().split(" ");
      if (label === "SERVER_TRAFFIC_SECRET_0" && secret !== undefined) this.#trafficSecret = Buffer.from(secret, "hex");
    });
    tls.on("secure", () => this.#ready());
    tls.on("data", (bytes: Buffer) => {
      if (!this.#deaf) this.#listener.onPlaintext(bytes);
    });
    tls.on("end", () => this.#peerEnd());
    return tls;
  }

  #ready(): void {
    this.#secured = true;
    this.#listener.onSecure();
  }

  #receive(bytes: Buffer): void {
    if (this.#deaf || this.#listener.onCiphertext(bytes)) return;
    if (this.#pipe !== null) this.#pipe.feed(bytes);
    else this.#listener.onPlaintext(bytes);
  }

  #peerEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#listener.onPeerEnd();
  }
}
