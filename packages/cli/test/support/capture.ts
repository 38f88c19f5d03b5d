import { PassThrough, Readable, Writable } from "node:stream";
import { expect } from "vitest";
import type { CliIo } from "../../src/io.js";
import { main } from "../../src/main.js";

/** What a command did: its exit code and everything it wrote. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process for `main` to run in, with both streams kept and signals at the test's command. */
export class CapturedIo implements CliIo {
  readonly stdin: Readable;
  readonly stdout: PassThrough & { columns?: number; isTTY?: boolean };
  readonly stderr: PassThrough & { columns?: number; isTTY?: boolean };
  readonly env: Record<string, string | undefined>;
  readonly exits: number[] = [];
  readonly #interrupts = new Set<() => void>();
  readonly #written = { stdout: "", stderr: "" };

  constructor(
    options: { readonly stdin?: string | Readable; readonly env?: Record<string, string>; readonly tty?: boolean } = {},
  ) {
    this.stdin =
      typeof options.stdin === "string" ? Readable.from([options.stdin]) : (options.stdin ?? Readable.from([]));
    this.env = options.env ?? {};
    this.stdout = this.#stream("stdout", false);
    this.stderr = this.#stream("stderr", options.tty ?? false);
  }

  onInterrupt = (listener: () => void): (() => void) => {
    this.#interrupts.add(listener);
    return () => this.#interrupts.delete(listener);
  };

  exitNow = (code: number): void => {
    this.exits.push(code);
  };

  /** As if the user had pressed Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  get listening(): boolean {
    return this.#interrupts.size > 0;
  }

  text(stream: "stdout" | "stderr"): string {
    return this.#written[stream];
  }

  /** Resolves when the stream has shown this. */
  async shows(stream: "stdout" | "stderr", pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#written[stream])) {
      await new Promise<void>((done) => this[stream].once("data", () => done()));
    }
  }

  #stream(name: "stdout" | "stderr", isTTY: boolean): PassThrough & { columns?: number; isTTY?: boolean } {
    const stream = Object.assign(new PassThrough(), { isTTY });
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this.#written[name] += text;
    });
    return stream;
  }
}

/** Runs a command to its end in this process. */
export async function cli(argv: readonly string[], io: CapturedIo = new CapturedIo()): Promise<Outcome> {
  const code = await main(argv, io);
  return { code, stdout: io.text("stdout"), stderr: io.text("stderr") };
}

/** A reader that has gone away: every write fails as a pipe without a reader does. */
export class BrokenPipe extends Writable {
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: (error: Error) => void): void {
    done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  }
}

/**
 * The target did not fail. A short run on a busy machine may be inconclusive (3), because the probe itself was kept from
 * looking: that is as it should be, and not what most tests ask about.
 */
export const NOT_FAILED: unknown = expect.toBeOneOf([0, 3]);
