import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child, run, which } from "../harness/programs.js";
import type { Account } from "./wall-line.js";

/** What the contender goes through while the server ends its connections. */
export interface Condition {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly stalls: boolean;
}

export interface Meeting {
  readonly port: number;
  readonly controlPort: number;
  readonly connections: number;
  readonly condition: Condition;
}

/** Somebody who holds connections and tells how they ended. */
export interface Watcher {
  readonly name: string;
  readonly note: string;
  readonly version: string;
  /** It wants a stream that stays open on each connection: it tells nothing of an idle one. */
  readonly holds: boolean;
  /** A process without an event loop cannot be stalled. */
  readonly canStall: boolean;
  watch(meeting: Meeting): Promise<Account>;
  end(): Promise<void>;
}

export function nodeWatchers(): Watcher[] {
  return [
    ours("drainprobe", "fidelity-drainprobe", "log on disk; idle lane with PING, held lane under load", false),
    ours("node:http2", "fidelity-node-http2", "a listener for goaway, error, aborted and close", true),
  ];
}

function ours(name: string, program: string, note: string, holds: boolean): Watcher {
  let child: Child | null = null;
  return {
    name,
    note,
    version: `Node ${process.version}`,
    holds,
    canStall: true,
    watch({ port, controlPort, connections, condition }) {
      child ??= new Child(program);
      const log = join(tmpdir(), `drainprobe-bench-${process.pid}.jsonl`);
      return child.measure<Account>({ url: `http://127.0.0.1:${port}/x`, controlPort, connections, log, ...condition });
    },
    async end() {
      await child?.[Symbol.asyncDispose]();
    },
  };
}

const GO_SOURCE = fileURLToPath(new URL("../../rivals/go", import.meta.url));

/** `null`, with the reason told, where there is no Go that builds it. */
export async function goWatcher(tell: (line: string) => void): Promise<Watcher | null> {
  const go = which("go");
  if (go === null) {
    tell("left out: Go net/http: there is no go here");
    return null;
  }
  const dir = mkdtempSync(join(tmpdir(), "drainprobe-bench-go-"));
  const program = join(dir, "fidelity");
  const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" };
  const built = await run(go, ["build", "-C", GO_SOURCE, "-o", program, "."], env);
  if (built.code !== 0) {
    rmSync(dir, { recursive: true, force: true });
    tell(`left out: Go net/http: its program does not build: ${built.stderr.trim().split("\n").at(-1) ?? ""}`);
    return null;
  }
  const version = /go\d[\w.]*/.exec((await run(go, ["version"])).stdout)?.[0] ?? "go";
  return {
    name: "Go net/http",
    note: "the error of a body that is being read; it tells a GOAWAY only by what follows",
    version,
    holds: true,
    canStall: false,
    async watch({ port, controlPort, connections, condition }) {
      const words = [port, controlPort, connections, condition.ratePerSecond].map(String);
      const { code, stdout, stderr } = await run(program, words);
      if (code !== 0) throw new Error(`it ended with ${code}: ${stderr.slice(-300)}`);
      return JSON.parse(stdout) as Account;
    },
    async end() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
