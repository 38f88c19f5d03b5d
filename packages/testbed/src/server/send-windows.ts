import { dataFrame } from "../h2/frame.js";

const DEFAULT_WINDOW = 65_535;
const MAX_FRAME = 16_384;
const SETTINGS_INITIAL_WINDOW_SIZE = 4;

interface Waiting {
  readonly stream: number;
  content: Buffer;
  readonly endStream: boolean;
  readonly done: () => void;
}

/** The client's flow-control windows (RFC 9113 §5.2), and the content waiting for them. */
export class SendWindows {
  readonly #write: (bytes: Buffer) => Promise<void>;
  readonly #streams = new Map<number, number>();
  #connection = DEFAULT_WINDOW;
  #initial = DEFAULT_WINDOW;
  #waiting: Waiting[] = [];

  constructor(write: (bytes: Buffer) => Promise<void>) {
    this.#write = write;
  }

  /** Would this much content on a new stream go out at once, in one frame? */
  fits(bytes: number): boolean {
    return this.#waiting.length === 0 && bytes <= Math.min(this.#connection, this.#initial, MAX_FRAME);
  }

  /** Counts content that goes past the queue. */
  take(bytes: number): void {
    this.#connection -= bytes;
  }

  send(stream: number, content: Buffer, endStream: boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ stream, content, endStream, done });
      this.#flush();
    });
  }

  update(stream: number, increment: number): void {
    if (stream === 0) this.#connection += increment;
    else this.#streams.set(stream, this.#window(stream) + increment);
    this.#flush();
  }

  settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTINGS_INITIAL_WINDOW_SIZE) continue;
      const initial = payload.readUInt32BE(at + 2);
      for (const [stream, window] of this.#streams) this.#streams.set(stream, window + initial - this.#initial);
      this.#initial = initial;
    }
    this.#flush();
  }

  /** The stream is gone: what waits for it is dropped. */
  forget(stream: number): void {
    this.#waiting = this.#waiting.filter((w) => {
      if (w.stream === stream) w.done();
      return w.stream !== stream;
    });
    this.#streams.delete(stream);
  }

  /** The connection is gone. */
  drop(): void {
    for (const waiting of this.#waiting) waiting.done();
    this.#waiting = [];
  }

  #window(stream: number): number {
    return this.#streams.get(stream) ?? this.#initial;
  }

  #flush(): void {
    for (const waiting of [...this.#waiting]) {
      for (;;) {
        const room = Math.min(this.#connection, this.#window(waiting.stream), MAX_FRAME);
        const part = waiting.content.subarray(0, Math.max(0, room));
        const last = part.length === waiting.content.length;
        if (part.length === 0 && !last) break;
        waiting.content = waiting.content.subarray(part.length);
        this.#connection -= part.length;
        this.#streams.set(waiting.stream, this.#window(waiting.stream) - part.length);
        const written = this.#write(dataFrame(waiting.stream, part, last && waiting.endStream));
        if (!last) continue;
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        if (waiting.endStream) this.#streams.delete(waiting.stream);
        void written.then(waiting.done);
        break;
      }
    }
  }
}
