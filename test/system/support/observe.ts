import { join } from "node:path";
import {
  type ConnectionVerdict,
  createProbe,
  type Lane,
  type LaneOptions,
  type RequestVerdict,
  type Summary,
} from "@drainprobe/core";
import { packetStories } from "../../../bench/src/packets/packet-story.js";
import { startCapture } from "./capture.js";
import { type Judged, judge } from "./judge.js";
import { makeDir } from "./run-dir.js";
import { allOf, firstOf, type RunLog, readRunLog } from "./run-log.js";
import { isSessionLane, RunWatch } from "./run-watch.js";
import type { RealServer } from "./servers/server.js";

/** Sessions and rates of every run of the matrix: enough to meet every lane, little enough for a small machine. */
export const LANES = {
  held: { sessions: 2, streams: 5, ratePerSecond: 40 },
  idle: { sessions: 1 },
  freshTcp: { ratePerSecond: 5 },
  freshTls: { ratePerSecond: 5 },
  freshH2: { ratePerSecond: 5 },
} as const;

export type Engine = "wire" | "node";

export interface ObserveOptions {
  readonly engine?: Engine;
  /** What is done to the server. */
  readonly act: () => void | Promise<void>;
  /** When there is nothing more to see. */
  readonly enough: (run: RunWatch) => Promise<void>;
}

/** A probe's whole look at one action, with the packets beside it. */
export interface Observed {
  readonly summary: Summary;
  readonly log: RunLog;
  readonly judged: Judged;
  /** Connections of held, idle and slow that worked when the server was acted on. */
  readonly sessions: (lane: Lane) => readonly ConnectionVerdict[];
  /** Attempts begun from then on, the reopened sessions included. */
  readonly later: (lane: Lane) => readonly ConnectionVerdict[];
  /** Failed and abandoned requests from then on. */
  readonly requests: readonly RequestVerdict[];
  /** The seq of the mark. */
  readonly markSeq: number;
}

/** A slow response younger than this has enough left to be surely in flight. */
const YOUNG_NS = 1_000_000_000;

/** Probes a server with every lane, acts on it while a slow stream is in flight, and brings back log and packets. */
export async function observe(server: RealServer, options: ObserveOptions): Promise<Observed> {
  const logFile = join(makeDir("log"), "run.jsonl");
  await using capture = await startCapture(server.port);
  await using probe = await createProbe({
    paths: [{ name: "direct", url: server.url + server.fastPath, ca: server.certificate.ca }],
    lanes: lanesFor(server),
    engine: options.engine ?? "wire",
    drainTimeoutMs: 8_000,
    log: logFile,
  });
  const run = new RunWatch(logFile);
  await probe.settled();
  await run.until("held requests answered", (seen) => (seen.answered.get("held") ?? 0) >= 10);
  await run.until("a young slow stream in flight", hasYoungSlowStream);
  probe.mark("action");
  try {
    await options.act();
    await options.enough(run);
  } catch (error) {
    throw new Error(`${server.title}: ${(error as Error).message}\nits log: ${server.log().slice(-2000)}`, {
      cause: error,
    });
  }
  const summary = await probe.stop();
  const stories = packetStories(await capture.finish(), server.port);
  const log = readRunLog(logFile);
  return view(log, summary, judge(log, stories));
}

function lanesFor(server: RealServer): LaneOptions {
  const { freshTls, ...plain } = LANES;
  const slow = { paths: [server.slowPath] };
  return server.url.startsWith("https:") ? { ...plain, freshTls, slow } : { ...plain, slow };
}

export function hasYoungSlowStream(run: RunWatch): boolean {
  return [...run.connections.values()].some((connection) =>
    [...connection.streams.values()].some(
      (stream) => stream.lane === "slow" && stream.data && !stream.ended && run.t - stream.sentT < YOUNG_NS,
    ),
  );
}

/** Sorts a log's verdicts into those from before the mark and those after it. */
export function view(log: RunLog, summary: Summary, judged: Judged): Observed {
  const mark = firstOf(log.events, "run.mark");
  if (mark === null) throw new Error("the log has no mark");
  const seqOf = new Map<number, number>();
  for (const event of allOf(log.events, "tcp.connect.started")) seqOf.set(event.conn, event.seq);
  const endedBefore = new Set(
    allOf(log.events, "tcp.closed")
      .filter((event) => event.seq < mark.seq)
      .map((event) => event.conn),
  );
  const begunBefore = (verdict: ConnectionVerdict): boolean => (seqOf.get(verdict.conn) ?? 0) < mark.seq;
  return {
    summary,
    log,
    judged,
    markSeq: mark.seq,
    sessions: (lane) =>
      log.connections.filter(
        (verdict) =>
          isSessionLane(lane) && verdict.lane === lane && begunBefore(verdict) && !endedBefore.has(verdict.conn),
      ),
    later: (lane) => log.connections.filter((verdict) => verdict.lane === lane && !begunBefore(verdict)),
    requests: log.requests.filter((verdict) => verdict.t >= mark.t),
  };
}
