import type { Readable, Writable } from "node:stream";

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };

/** Everything a command may touch of the process it runs in, so that a test can run it in its own. */
export interface CliIo {
  readonly stdin: Readable;
  /** Data only. */
  readonly stdout: Terminal;
  /** Messages and progress only. */
  readonly stderr: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back for each request to end (SIGINT, SIGTERM, SIGHUP); returns how to stop listening. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Ends the process at once: the answer to a second signal. What is flushed is flushed. */
  readonly exitNow: (code: number) => void;
}

/** Exit codes, as every command uses them. */
export const EXIT = {
  pass: 0,
  /** The target went over a threshold. */
  fail: 1,
  /** Misuse, or the instrument itself is broken. */
  misuse: 2,
  /** The run saw too little to say. */
  inconclusive: 3,
} as const;

/** Writes and waits until the bytes are handed on. A reader that has gone away (EPIPE) is not an error. */
export async function print(stream: Terminal, text: string): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  await new Promise<void>((done) => {
    stream.write(text, () => done());
  });
}
