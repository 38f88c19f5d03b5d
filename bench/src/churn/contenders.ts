import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Load } from "../harness/drive.js";
import { childContender, runTimed, versionOf, which } from "../harness/programs.js";
import type { Contender, Sample } from "../harness/sample.js";
import type { BenchServer } from "../harness/server.js";

export type Operation = "tcp" | "hello" | "tls" | "h2";

export interface ChurnPlan {
  readonly operation: Operation;
  readonly load: Load;
  readonly quick: boolean;
}

/** Connections until the compilers of Node have done most of what they will do. */
const WARMUP = 3_000;

/** Everybody on this machine who can do the operation at that load. */
export function churnContenders(plan: ChurnPlan, server: BenchServer): Contender[] {
  const { operation, load, quick } = plan;
  const params = { operation, ...load, url: server.url, caFile: server.caFile, verify: true, log: null };
  const cheap = operation === "tcp" || operation === "hello";
  const warmup = { ratePerSecond: null, ops: (cheap ? 4 : 1) * (quick ? WARMUP / 4 : WARMUP) };
  const child = (name: string, program: string, note: string, more: object = {}): Contender =>
    childContender({ name, note }, program, { ...params, ...more }, warmup);
  const log = join(tmpdir(), `drainprobe-bench-${process.pid}.jsonl`);
  const whole = "witness, records, fold, log on disk";
  switch (operation) {
    case "tcp":
      return [
        child("drainprobe", "churn-drainprobe", whole, { log }),
        child("bare loop", "churn-bare", "net.connect, end"),
      ];
    case "hello":
      return [
        child("drainprobe", "churn-drainprobe", `${whole}; ClientHello sent, the answer's first record read`, { log }),
        child("drainprobe fresh.tcp", "churn-drainprobe", whole, { log, operation: "tcp" }),
        child("bare loop", "churn-bare", "net.connect, end", { operation: "tcp" }),
      ];
    case "tls":
    case "h2":
      return [
        child("drainprobe", "churn-drainprobe", `${whole}; chain and name checked`, { log }),
        child("drainprobe, verify off", "churn-drainprobe", `${whole}; certificate not checked`, {
          log,
          verify: false,
        }),
        ...programs(plan, server),
        ...(operation === "h2"
          ? [
              child("node:http2", "churn-node-http2", "chain and name checked"),
              child("undici", "churn-undici", "chain and name checked; TLS session cache off"),
            ]
          : [child("bare loop", "churn-bare", "tls.connect, end; chain and name checked")]),
        child("bare handshake", "churn-bare", "tls.connect, end, no request; chain checked: the floor of node:tls", {
          name: false,
        }),
      ];
  }
}

/** Programs that are not ours. They have no warm-up, and their start is counted: a few ms over all their operations. */
function programs({ operation, load }: ChurnPlan, server: BenchServer): Contender[] {
  const found: Contender[] = [];
  const h2load = which("h2load");
  if (operation === "h2" && h2load !== null) {
    found.push({
      name: "h2load",
      note: "certificate not checked; closes after the answer",
      version: versionOf(h2load),
      run: () => runH2load(h2load, load, server.url),
    });
  }
  const hey = which("hey");
  if (operation === "h2" && hey !== null && server.url.startsWith("https:")) {
    found.push({
      name: "hey",
      note: "Go; certificate not checked; more than one thread",
      version: "0.1.x",
      run: () => runHey(hey, load, server.url),
    });
  }
  const openssl = which("openssl");
  if (operation === "tls" && openssl !== null && load.ratePerSecond === null) {
    found.push({
      name: "openssl s_time",
      note: "one at a time; certificate not checked; no ALPN",
      version: versionOf(openssl, ["version"]),
      run: () => runSTime(openssl, server.port),
    });
  }
  return found;
}

/** h2load never reconnects, so each connection is a client. In the open loop they begin every 10 ms; in the closed loop it has none, and begins all in a burst. */
async function runH2load(h2load: string, { ops, ratePerSecond, concurrency }: Load, url: string): Promise<Sample> {
  const perPeriod = ratePerSecond === null ? concurrency : Math.max(1, Math.round(ratePerSecond / 100));
  const periodMs = ratePerSecond === null ? 1 : (1000 * perPeriod) / ratePerSecond;
  const pace = ["-r", String(perPeriod), "--rate-period", `${Math.max(1, Math.round(periodMs))}ms`];
  const timed = await runTimed(h2load, ["-n", String(ops), "-c", String(ops), ...pace, url]);
  const worked = Number(/(\d+) succeeded/.exec(timed.stdout)?.[1] ?? 0);
  if (timed.code !== 0 || worked === 0)
    throw new Error(`h2load: ${timed.stdout.slice(-300)}${timed.stderr.slice(0, 200)}`);
  return { ...timesOf(timed), ops: worked, failed: ops - worked };
}

async function runHey(hey: string, { ops, ratePerSecond, concurrency }: Load, url: string): Promise<Sample> {
  const whole = ops - (ops % concurrency);
  const pace = ratePerSecond === null ? [] : ["-q", String(ratePerSecond / concurrency)];
  const args = ["-n", String(whole), "-c", String(concurrency), "-h2", "-disable-keepalive", ...pace, url];
  const timed = await runTimed(hey, args);
  const worked = Number(/\[200\]\s+(\d+) responses/.exec(timed.stdout)?.[1] ?? 0);
  if (worked === 0) throw new Error(`hey: ${timed.stdout.slice(-300)}`);
  return { ...timesOf(timed), ops: worked, failed: whole - worked };
}

const S_TIME_SECONDS = 2;

async function runSTime(openssl: string, port: number): Promise<Sample> {
  const args = ["s_time", "-connect", `127.0.0.1:${port}`, "-new", "-time", String(S_TIME_SECONDS)];
  const timed = await runTimed(openssl, args);
  const ops = Number(/(\d+) connections in/.exec(timed.stdout)?.[1] ?? 0);
  if (ops === 0) throw new Error(`openssl s_time: ${timed.stdout.slice(-200)}${timed.stderr.slice(0, 200)}`);
  return { ...timesOf(timed), ops, failed: 0 };
}

function timesOf({
  wallMs,
  userMs,
  systemMs,
}: Pick<Sample, "wallMs" | "userMs" | "systemMs">): Pick<Sample, "wallMs" | "userMs" | "systemMs"> {
  return { wallMs, userMs, systemMs };
}
