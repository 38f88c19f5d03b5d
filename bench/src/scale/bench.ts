import { type Bench, type BenchOptions, exactly, type Section } from "../harness/bench.js";
import { Child } from "../harness/programs.js";
import { CERTIFICATE, startServer } from "../harness/server.js";
import { short } from "../harness/table.js";

const SIZES = [10, 100, 1_000, 10_000] as const;
const HOLD_MS = 2_000;
const HOLDERS = [
  ["drainprobe", "scale-drainprobe", {}],
  ["bare node:tls", "scale-bare", { kind: "tls" }],
  ["node:http2", "scale-bare", { kind: "http2" }],
] as const;

export const SCALE: Bench = {
  name: "scale",
  what: "memory and CPU of sessions that are held with PING, and their deaths all at once",
  run: scale,
};

/** One repetition each: ten thousand sessions are repetitions of each other. */
async function scale(options: BenchOptions): Promise<Section[]> {
  const rows: string[][] = [
    [
      "",
      "sessions",
      "KB each",
      "KB each more",
      "CPU µs/s each",
      "PING p50 µs",
      "p99 µs",
      "all deaths seen ms",
      "missed",
    ],
  ];
  const values: Record<string, number> = {};
  const fewer = new Map<string, { readonly sessions: number; readonly kb: number }>();
  let server = "";
  for (const sessions of SIZES.slice(0, options.quick ? 3 : 4)) {
    for (const [name, program, more] of HOLDERS) {
      options.tell(`${name}, ${sessions}`);
      await using target = await startServer({ tls: true });
      await using child = new Child(program, ["--expose-gc"]);
      server = target.title;
      const { url, caFile, pid: serverPid } = target;
      const sample = await child.measure({ url, caFile, sessions, holdMs: HOLD_MS, serverPid, ...more });
      const { kbPerSession = Number.NaN, cpuPerSessionSecondUs = Number.NaN, ...extra } = sample.extra ?? {};
      const { pingP50Us = Number.NaN, pingP99Us = Number.NaN, recordedMs = Number.NaN } = extra;
      const before = fewer.get(name) ?? { sessions: 0, kb: 0 };
      const kb = kbPerSession * sessions;
      fewer.set(name, { sessions, kb });
      const kbEachMore = before.sessions === 0 ? Number.NaN : (kb - before.kb) / (sessions - before.sessions);
      rows.push([
        name,
        String(sessions),
        ...[kbPerSession, kbEachMore, cpuPerSessionSecondUs, pingP50Us, pingP99Us, recordedMs].map(short),
        String(sample.failed),
      ]);
      Object.assign(values, {
        [`${name}/${sessions}/kb`]: kbPerSession,
        [`${name}/${sessions}/cpuUsPerSecond`]: cpuPerSessionSecondUs,
        [`${name}/${sessions}/recordedMs`]: recordedMs,
        [`${name}/${sessions}/missed`]: sample.failed,
      });
    }
  }
  const top = options.quick ? 1_000 : 10_000;
  const of = (name: string, what: string): number => values[`${name}/${top}/${what}`] ?? Number.NaN;
  return [
    {
      title: "sessions held, TLS",
      facts: [
        `server: ${server}, a process of its own, ${CERTIFICATE}; killed (SIGKILL) at the end`,
        "each more: beyond the sessions of the row before, so without what the first ones load (code, a secure context)",
        "memory: resident set after a collection, less what it was before; PING each second (drainprobe, node:http2), none on bare sockets",
        "all deaths seen: from the kill to the last end recorded, the kernel's own time to close so many sockets included",
      ],
      table: rows,
      values,
      goals: [
        {
          what: `memory of ${top} sessions to bare TLS`,
          atMost: 1.2,
          measured: exactly(of("drainprobe", "kb") / of("bare node:tls", "kb")),
        },
        {
          what: `memory of ${top} sessions to node:http2`,
          atMost: 1,
          measured: exactly(of("drainprobe", "kb") / of("node:http2", "kb")),
        },
        {
          what: `ms until ${top} deaths are recorded`,
          atMost: 2_000,
          measured: exactly(of("drainprobe", "recordedMs")),
        },
        { what: `deaths of ${top} missed`, atMost: 0, measured: exactly(of("drainprobe", "missed")) },
      ],
    },
  ];
}
