import { readSync, writeSync } from "node:fs";
import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from "node:net";

/** How the peer ended the connection when Node reported an end of file. */
export interface Ending {
  /** A FIN was there. */
  readonly fin: boolean;
  /** An RST was there: `ECONNRESET`, or `EPIPE` where it came after the FIN. */
  readonly rst: "ECONNRESET" | "EPIPE" | null;
}

/** The part of Node's TCP handle that tells FIN from RST. Not public API; the tests run it on every Node version we support. */
interface TcpHandle {
  readonly fd: number;
  getpeername(out: object): number;
}

/** What a socket tells the one who owns it. */
export interface RawSocketOwner {
  rawConnected(): void;
  /** What the peer sent. The bytes are overwritten after the call: what is kept must be copied. */
  rawBytes(bytes: Buffer): void;
  /**
   * Node knows of an end of file or of an error; called once or more. `rawEnded` and `rawFailed` come when its streams have done their part,
   * which takes long where their code has not run for a while.
   */
  rawEnding(): void;
  rawEnded(): void;
  rawFailed(error: NodeJS.ErrnoException): void;
  rawClosed(): void;
}

/** What every socket reads into, one after the other: libuv reads and calls back in one go. Spares 64 KiB of garbage for each read. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Another one, because a salvage may happen while bytes in the first are being handled. */
const salvageBuffer = Buffer.allocUnsafeSlow(64 * 1024);

const throwAway = Buffer.from([0]);

/**
 * A TCP socket that stays open for reading and writing independently, tells FIN from RST, and loses no byte to a failing write.
 *
 * When a write fails Node closes the socket at once, although what the peer had sent before may still wait in the kernel: a
 * GOAWAY, say. The owner is given those bytes before it is told of the error.
 *
 * One owner instead of listeners: a benchmark opens thousands a second, and each closure would be made anew for each of them.
 */
export class RawSocket extends Socket {
  readonly owner: RawSocketOwner;
  /** Where the shutdown of our side found no peer: which error the kernel had pending. */
  pendingAtShutdown: "ECONNRESET" | "EPIPE" | null = null;
  #salvagedBytes = 0;

  constructor(owner: RawSocketOwner) {
    // Read by the constructor, though the types know it from connect() only.
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, "onread"> = {
      allowHalfOpen: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.owner.rawBytes(readBuffer.subarray(0, length));
          return true;
        },
      },
    };
    super(options);
    this.owner = owner;
    this.on("connect", onConnect);
    this.on("end", onEnd);
    this.on("error", onError);
    this.on("close", onClose);
  }

  /** Bytes read from the kernel, salvaged ones included. */
  get totalRead(): number {
    return this.bytesRead + this.#salvagedBytes;
  }

  /**
   * To be asked in the `end` handler, before anything else.
   *
   * Node 20 and 22 (libuv before its pull request 4997) report many RSTs as an end of file; but after an RST the socket has
   * no peer any more, and after a FIN it has. The kernel then still holds the error of the RST, which a write brings
   * out: no byte of that write can leave this host, for there is no connection.
   *
   * Where our FIN went out before, a socket has no peer after the peer's FIN either, and EPIPE would only be what our own shutdown
   * does to writes. Then a read tells: ECONNRESET after an RST, the end of file again after a FIN. Every connection that we closed first
   * comes by here, and a read that throws nothing costs a fifth of a write that does.
   */
  readEnding(): Ending {
    const handle = this.#handle();
    if (handle === null || handle.getpeername({}) === 0) return { fin: true, rst: null };
    const code = this.writableFinished ? this.#salvage(handle.fd) : pendingError(handle.fd);
    return code === "ECONNRESET" ? { fin: false, rst: code } : { fin: true, rst: code };
  }

  /**
   * libuv refuses an RST (EINVAL) while our own shutdown is under way, which on a starved machine it is a second later. Node then forgets the handle
   * without closing it, and its descriptor is lost for the life of the process. Such a socket is closed as usual instead.
   */
  override resetAndDestroy(): this {
    return this.writableEnded && !this.writableFinished ? this.destroy() : super.resetAndDestroy();
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) this.owner.rawEnding();
    return super.push(chunk, encoding);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error !== null) this.owner.rawEnding();
    const syscall = (error as NodeJS.ErrnoException | null)?.syscall;
    const handle = this.#handle();
    if (handle !== null && !this.connecting && (syscall === "write" || syscall === "shutdown")) {
      this.#salvage(handle.fd);
      if (syscall === "shutdown" && handle.getpeername({}) !== 0) this.pendingAtShutdown = pendingError(handle.fd);
    }
    super._destroy(error, callback);
  }

  /** Hands on what still waits in the kernel, and tells whether an RST comes behind it. */
  #salvage(fd: number): "ECONNRESET" | null {
    for (;;) {
      const got = readNow(fd);
      if (typeof got === "string") return got === "ECONNRESET" ? got : null;
      if (got === 0) return null;
      this.#salvagedBytes += got;
      this.owner.rawBytes(salvageBuffer.subarray(0, got));
    }
  }

  #handle(): TcpHandle | null {
    const handle = (this as unknown as { _handle: Partial<TcpHandle> | null })._handle;
    return handle?.getpeername !== undefined && handle.fd !== undefined && handle.fd >= 0
      ? (handle as TcpHandle)
      : null;
  }
}

function onConnect(this: RawSocket): void {
  this.owner.rawConnected();
}

function onEnd(this: RawSocket): void {
  this.owner.rawEnded();
}

function onError(this: RawSocket, error: NodeJS.ErrnoException): void {
  this.owner.rawFailed(error);
}

function onClose(this: RawSocket): void {
  this.owner.rawClosed();
}

/** How many bytes, 0 at the end of file, or the code of an error: EAGAIN where nothing is waiting. */
function readNow(fd: number): number | string {
  try {
    return readSync(fd, salvageBuffer);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "UNKNOWN";
  }
}

function pendingError(fd: number): "ECONNRESET" | "EPIPE" {
  // Nobody reads the stack of the error expected here, and taking it costs more than the write.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    writeSync(fd, throwAway);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPIPE" ? "EPIPE" : "ECONNRESET";
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return "ECONNRESET";
}
