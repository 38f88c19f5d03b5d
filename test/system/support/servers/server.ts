import type { CertificateFiles } from "../certificate.js";
import { allGone, endAllIn, killAllIn, type OwnedProcess, pidsIn } from "../owned-process.js";

/** A real server under test, answering over TLS and HTTP/2. */
export interface RealServer extends AsyncDisposable {
  /** As in the table: `nginx 1.22.1`. */
  readonly title: string;
  readonly port: number;
  readonly url: string;
  readonly certificate: CertificateFiles;
  /** A small file. */
  readonly fastPath: string;
  /** A response that goes on for seconds. */
  readonly slowPath: string;
  /** Process ids of it, now. */
  pids(): readonly number[];
  /** SIGKILL to every process of it at once. */
  killAll(): void;
  /** Resolves when no process of it is left. */
  gone(): Promise<void>;
  /** What it wrote to its log: for the message of a failing test. */
  log(): string;
}

/** What every server here has in common: its processes live in one directory. */
export function lifeOf(
  dir: string,
  process: OwnedProcess,
): Pick<RealServer, "pids" | "killAll" | "gone" | "log" | typeof Symbol.asyncDispose> {
  return {
    pids: () => pidsIn(dir),
    killAll: () => void killAllIn(dir),
    gone: () => allGone(dir),
    log: () => process.stdout() + process.stderr(),
    [Symbol.asyncDispose]: () => endAllIn(dir),
  };
}

/** For `listening`: what a server that has ended says. */
export function deathOf(process: OwnedProcess): () => string | null {
  return () =>
    process.exit() === null ? null : `${JSON.stringify(process.exit())} ${process.stdout()}${process.stderr()}`;
}
