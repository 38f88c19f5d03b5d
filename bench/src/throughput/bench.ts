import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchOptions, Goal, Section } from "../harness/bench.js";
import { childContender, runTimed, versionOf, which } from "../harness/programs.js";
import { type Raced, race } from "../harness/race.js";
import { ratio, rowsOf } from "../harness/report.js";
import type { Contender } from "../harness/sample.js";
import { type BenchServer, CERTIFICATE, startServer } from "../harness/server.js";

interface Shape {
  readonly sessions: number;
  readonly streams: number;
  readonly ops: number;
  /** `null`: as fast as it goes. */
  readonly rate: number | null;
}

const WIDE: Shape = { sessions: 4, streams: 10, ops: 16_000, rate: null };
const NARROW: Shape = { sessions: 1, streams: 1, ops: 4_000, rate: null };
/** What a probe does for hours: few requests, far apart, where batches help nobody. */
const SLOW: Shape = { sessions: 10, streams: 10, ops: 240, rate: 200 };

/** What a held lane is asked for where it is to go as fast as it can: it then keeps nearly every stream taken. */
const SATURATING = 25_000;

export const THROUGHPUT: Bench = {
  name: "throughput",
  what: "CPU of one request on sessions that are held, every request recorded",
  run: throughput,
};

export async function throughput(options: BenchOptions): Promise<Section[]> {
  await using secure = await startServer({ tls: true });
  await using plain = await startServer({ tls: false });
  const sections: Section[] = [];
  const one = async (title: string, shape: Shape, server: BenchServer, goals: (raced: Raced[]) => Goal[]) => {
    options.tell(title);
    const all = contenders(shape, server, options.quick);
    const chosen = all.filter(({ name }) => options.only?.includes(name) ?? true);
    const raced = await race(chosen, options.repetitions, options.tell);
    const facts = [
      `server: ${server.title}, a process of its own${server === secure ? `, ${CERTIFICATE}` : ""}; answers of 6 bytes`,
      "drainprobe sends a PING every 250 ms on each session beside its requests; the others send none",
    ];
    sections.push({ title, facts, operation: "request", rows: rowsOf(raced), goals: goals(raced) });
  };
  await one("4 sessions × 10 streams, TLS, as fast as it goes", WIDE, secure, wideGoals);
  if (!options.quick) {
    await one("4 sessions × 10 streams, h2c, as fast as it goes", WIDE, plain, () => []);
    await one("1 session × 1 stream, TLS, one after the other", NARROW, secure, () => []);
  }
  if (options.only !== undefined) return sections;
  await one("10 sessions, TLS, 200 requests a second", SLOW, secure, (raced) => [
    { what: "a request at 200/s to h2load", atMost: 1, measured: ratio(raced, "drainprobe", "h2load") },
  ]);
  return sections;
}

function wideGoals(raced: Raced[]): Goal[] {
  return [
    { what: "4×10 to h2load", atMost: 3, measured: ratio(raced, "drainprobe", "h2load") },
    { what: "node:http2 to 4×10", atLeast: 6, measured: ratio(raced, "node:http2", "drainprobe") },
  ];
}

function contenders(shape: Shape, server: BenchServer, quick: boolean): Contender[] {
  const ops = quick && shape.rate === null ? shape.ops / 4 : shape.ops;
  const log = join(tmpdir(), `drainprobe-bench-${process.pid}.jsonl`);
  const { sessions, streams, rate } = shape;
  const base = { url: server.url, caFile: server.caFile, sessions, streams, ops, rate, log };
  const ours = { ...base, ratePerSecond: rate ?? SATURATING };
  const child = (name: string, program: string, note: string, more: object = {}): Contender =>
    childContender(
      { name, note },
      program,
      { ...ours, ...more },
      { ops: WIDE.ops / 2, rate: null, ratePerSecond: SATURATING },
    );
  const found = [
    child("drainprobe", "throughput-drainprobe", "witness, records, fold, log on disk", { parts: "whole" }),
    child("  without the log", "throughput-drainprobe", "witness, records, fold", { parts: "fold" }),
    child("  and without the fold", "throughput-drainprobe", "witness and records alone", { parts: "witness" }),
  ];
  const h2load = which("h2load");
  if (h2load !== null) {
    found.push({
      name: "h2load",
      note: rate === null ? "closed loop" : "open loop by --rps on each session",
      version: versionOf(h2load),
      run: () => runH2load(h2load, { ...shape, ops }, server.url),
    });
  }
  const hey = which("hey");
  if (hey !== null && server.url.startsWith("https:")) {
    found.push({
      name: "hey",
      note: "Go; one connection for all its workers",
      version: "0.1.x",
      run: () => runHey(hey, { ...shape, ops }, server.url),
    });
  }
  found.push(child("node:http2", "throughput-node-http2", rate === null ? "closed loop" : "open loop"));
  found.push(child("undici", "throughput-undici", "a pool with HTTP/2 allowed"));
  if (server.url.startsWith("https:")) {
    found.push(child("autocannon", "throughput-autocannon", "HTTP/1.1 with keep-alive: a connection for each stream"));
  }
  return found;
}

async function runH2load(h2load: string, { sessions, streams, ops, rate }: Shape, url: string) {
  const each = Math.floor(ops / sessions);
  const pace = rate === null ? [] : ["--rps", String(rate / sessions)];
  const args = ["-n", String(each * sessions), "-c", String(sessions), "-m", String(streams), ...pace, url];
  const { stdout, wallMs, userMs, systemMs } = await runTimed(h2load, args);
  const worked = Number(/(\d+) succeeded/.exec(stdout)?.[1] ?? 0);
  if (worked === 0) throw new Error(`h2load: ${stdout.slice(-300)}`);
  return { ops: worked, failed: each * sessions - worked, wallMs, userMs, systemMs };
}

async function runHey(hey: string, { sessions, streams, ops, rate }: Shape, url: string) {
  const workers = rate === null ? sessions * streams : sessions;
  const whole = ops - (ops % workers);
  const pace = rate === null ? [] : ["-q", String(rate / workers)];
  const { stdout, wallMs, userMs, systemMs } = await runTimed(hey, [
    ...["-n", String(whole), "-c", String(workers), "-h2", ...pace, url],
  ]);
  const worked = Number(/\[200\]\s+(\d+) responses/.exec(stdout)?.[1] ?? 0);
  if (worked === 0) throw new Error(`hey: ${stdout.slice(-300)}`);
  return { ops: worked, failed: whole - worked, wallMs, userMs, systemMs };
}
