import { type Bench, type BenchOptions, exactly, type Goal, type Section } from "../harness/bench.js";
import { which } from "../harness/programs.js";
import { percentile, type Spread, spreadOf } from "../harness/stats.js";
import { short } from "../harness/table.js";
import { startCapture } from "../packets/capture.js";
import { type Condition, goWatcher, nodeWatchers, type Watcher } from "./contenders.js";
import { startFaultServer } from "./fault-server.js";
import { isDue, type Score, score } from "./score.js";
import { truthOf } from "./truth.js";

const CONNECTIONS = 100;
const SPAN_MS = 1_000;
export const CONDITIONS: readonly Condition[] = [
  { name: "idle", ratePerSecond: 0, stalls: false },
  { name: "2 000 requests a second", ratePerSecond: 2_000, stalls: false },
  { name: "event loop blocked 50 ms of every 150", ratePerSecond: 0, stalls: true },
];
/** Of packets that had to lie in `[t - u, t]`. */
const INSIDE = 0.999;

export const FIDELITY: Bench = {
  name: "fidelity",
  what: "how exactly the end of a connection is told and dated: FIN, RST and GOAWAY against captured packets",
  run: fidelity,
};

async function fidelity(options: BenchOptions): Promise<Section[]> {
  if (which("tcpdump") === null) {
    options.tell("left out: there is no tcpdump here");
    return [];
  }
  const watchers = nodeWatchers();
  const go = await goWatcher(options.tell);
  if (go !== null) watchers.push(go);
  try {
    const sections: Section[] = [];
    for (const condition of CONDITIONS) sections.push(await underCondition(condition, watchers, options));
    return sections;
  } finally {
    for (const watcher of watchers) await watcher.end();
  }
}

async function underCondition(condition: Condition, all: readonly Watcher[], options: BenchOptions): Promise<Section> {
  const watchers = all.filter(({ canStall }) => canStall || !condition.stalls);
  const scores = new Map<Watcher, Score[]>(watchers.map((watcher) => [watcher, []]));
  let kernelDelayNs = 0;
  for (let round = 0; round < options.repetitions; round += 1) {
    for (const watcher of watchers) {
      if (!scores.has(watcher)) continue;
      try {
        const { scored, delayNs } = await meet(watcher, condition, options.seed + round);
        scores.get(watcher)?.push(scored);
        kernelDelayNs = delayNs ?? kernelDelayNs;
      } catch (error) {
        scores.delete(watcher);
        options.tell(`left out: ${watcher.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    options.tell(`${condition.name}: round ${round + 1} of ${options.repetitions}`);
  }
  return sectionOf(condition, scores, kernelDelayNs);
}

async function meet(watcher: Watcher, condition: Condition, seed: number) {
  await using server = await startFaultServer({ seed, connections: CONNECTIONS, spanMs: SPAN_MS, hold: watcher.holds });
  await using capture = await startCapture(server.port);
  const { port, controlPort } = server;
  const account = await watcher.watch({ port, controlPort, connections: CONNECTIONS, condition });
  const truths = truthOf(await capture.finish(), port);
  const faults = truths.filter((truth) => isDue(truth, truth.fin ?? truth.rst)).length;
  if (faults < CONNECTIONS / 2) throw new Error(`${watcher.name}: only ${faults} connections were ended by the server`);
  return { scored: score(account, truths), delayNs: account.kernelDelayNs };
}

interface Sums {
  readonly row: string[];
  readonly values: Record<string, number | null>;
  /** Median and spread of the repetitions' own p50 and p99, µs. */
  readonly p50: Spread;
  readonly p99: Spread;
  readonly share: number | null;
  readonly wrong: number;
}

function sectionOf(condition: Condition, scores: ReadonlyMap<Watcher, Score[]>, kernelDelayNs: number): Section {
  const sums = new Map([...scores].map(([watcher, got]) => [watcher.name, sumsOf(watcher.name, got)]));
  const ours = sums.get("drainprobe");
  if (ours === undefined) throw new Error(`nothing of the probe's own, ${condition.name}`);
  const errorUs = Math.max(...[...scores.values()].flat().map(({ clockErrorNs }) => clockErrorNs)) / 1000;
  const head = [
    ...["", "packets", "p50 µs", "spread", "p90", "p99", "max", "in [t − u, t]", "missed", "invented", "misnamed"],
  ];
  return {
    title: `${CONNECTIONS} connections, ${condition.name}`,
    facts: [
      "HTTP/2 without TLS (a GOAWAY inside TLS cannot be seen in packets) on loopback; a third each: FIN, RST, GOAWAY with a FIN 300 ms later",
      `late: event minus packet, tcpdump with ns, all repetitions together; the clocks are joined to ±${short(errorUs)} µs`,
      `u holds a constant of ${kernelDelayNs / 1000} µs for the kernel's own delay`,
      ...[...scores.keys()].map(({ name, version, note }) => `${name} (${version}): ${note}`),
    ],
    table: [head, ...[...sums.values()].map(({ row }) => row)],
    values: Object.assign({}, ...[...sums.values()].map(({ values }) => values)),
    goals: goalsOf(condition, ours, sums.get("Go net/http") ?? null),
  };
}

function sumsOf(name: string, scores: readonly Score[]): Sums {
  const late = (each: Score): number[] => [...each.lateNs.fin, ...each.lateNs.rst, ...each.lateNs.goaway];
  const us = scores.flatMap(late).map((ns) => Math.abs(ns) / 1000);
  const per = (p: number): Spread => spreadOf(scores.map((each) => percentile(late(each), p) / 1000));
  const sum = (of: (each: Score) => number): number => scores.reduce((total, each) => total + of(each), 0);
  const [stated, inside] = [sum((each) => each.stated), sum((each) => each.inside)];
  const [missed, invented] = [sum((each) => each.missed), sum((each) => each.invented)];
  const misnamed = sum((each) => each.misnamed);
  const p50 = per(0.5);
  const values = {
    packets: us.length,
    p50Us: percentile(us, 0.5),
    p90Us: percentile(us, 0.9),
    p99Us: percentile(us, 0.99),
    maxUs: Math.max(...us),
    stated,
    inside,
    missed,
    invented,
    misnamed,
    ...Object.fromEntries(
      (["fin", "rst", "goaway"] as const).flatMap((kind) => {
        const lates = scores.flatMap(({ lateNs }) => lateNs[kind]).map((ns) => ns / 1000);
        return lates.length === 0
          ? []
          : [
              [`${kind}P50Us`, percentile(lates, 0.5)],
              [`${kind}P99Us`, percentile(lates, 0.99)],
            ];
      }),
    ),
  };
  return {
    row: [
      name,
      String(us.length),
      short(values.p50Us),
      `${short(p50.min)}–${short(p50.max)}`,
      ...[values.p90Us, values.p99Us, values.maxUs].map(short),
      stated === 0 ? "–" : `${inside} of ${stated}`,
      ...[missed, invented, misnamed].map(String),
    ],
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}/${key}`, value])),
    p50,
    p99: per(0.99),
    share: stated === 0 ? null : inside / stated,
    wrong: missed + invented,
  };
}

function goalsOf({ name, stalls }: Condition, ours: Sums, go: Sums | null): Goal[] {
  const goals: Goal[] = [
    {
      what: `fidelity, ${name}: share of packets in [t - u, t]`,
      atLeast: INSIDE,
      measured: ours.share === null ? null : exactly(ours.share),
    },
    { what: `fidelity, ${name}: missed and invented`, atMost: 0, measured: exactly(ours.wrong) },
  ];
  if (name === "idle") {
    goals.push({ what: "fidelity, idle: p50 µs", atMost: 200, measured: ours.p50 });
    goals.push({ what: "fidelity, idle: p99 µs", atMost: 2_000, measured: ours.p99 });
  }
  if (!stalls) {
    const measured = go === null ? null : exactly(ours.p50.median / go.p50.median);
    goals.push({ what: `fidelity, ${name}: p50 to Go`, atMost: 1, measured });
  }
  return goals;
}
