import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { startProcess } from "../owned-process.js";
import { listening, reservePort } from "../ports.js";
import { versionOf } from "../programs.js";
import { makeDir } from "../run-dir.js";
import { type Nghttpd, startNghttpd } from "./nghttpd.js";
import { deathOf, lifeOf, type RealServer } from "./server.js";

export interface HaproxyOptions {
  /** `hard-stop-after`: how long an old process may keep its sessions. Default: for ever. */
  readonly hardStopAfter?: string;
}

export interface Haproxy extends RealServer {
  readonly backend: Nghttpd;
  /** SIGUSR1 to the master: stop listening, keep the sessions. */
  softStop(): void;
  /** SIGTERM to the master: leave at once. */
  stop(): void;
  /** SIGUSR2 to the master: a new process listens, the old one keeps its sessions. */
  reload(): void;
  /** `shutdown sessions server` through the runtime API. */
  shutdownSessions(): Promise<void>;
}

/** haproxy in tcp mode (it sees TLS as bytes) with a master and a worker, in front of nghttpd. */
export async function startHaproxy(options: HaproxyOptions = {}): Promise<Haproxy> {
  const backend = await startNghttpd();
  const dir = makeDir("haproxy");
  const port = await reservePort();
  const socketPath = join(dir, "api.sock");
  writeFileSync(join(dir, "haproxy.cfg"), configuration(port, backend.port, socketPath, options));
  const haproxy = await startProcess("haproxy", ["-W", "-db", "-f", "haproxy.cfg"], { dir });
  await listening(port, deathOf(haproxy));
  const life = lifeOf(dir, haproxy);
  return {
    title: `haproxy ${versionOf("haproxy")}`,
    port,
    url: `https://127.0.0.1:${port}`,
    certificate: backend.certificate,
    fastPath: backend.fastPath,
    slowPath: backend.slowPath,
    ...life,
    backend,
    softStop: () => haproxy.signal("SIGUSR1"),
    stop: () => haproxy.signal("SIGTERM"),
    reload: () => haproxy.signal("SIGUSR2"),
    shutdownSessions: async () => {
      const answer = await command(socketPath, "shutdown sessions server all/nghttpd");
      if (answer.trim() !== "") throw new Error(`haproxy: ${answer}`);
    },
    [Symbol.asyncDispose]: async () => {
      await life[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

function command(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      answer += part;
    });
    socket.once("error", reject);
    socket.once("end", () => resolve(answer));
    // haproxy drops a command whose sender has already shut its side down.
    socket.write(`${text}\n`);
  });
}

function configuration(port: number, backend: number, socketPath: string, options: HaproxyOptions): string {
  return `
global
  stats socket ${socketPath} mode 600 level admin expose-fd listeners
  maxconn 1000
  ${options.hardStopAfter === undefined ? "" : `hard-stop-after ${options.hardStopAfter}`}
defaults
  mode tcp
  timeout connect 2s
  retries 0
  timeout client 30s
  timeout server 30s
frontend probed
  bind 127.0.0.1:${port}
  default_backend all
backend all
  server nghttpd 127.0.0.1:${backend}
`;
}
