import { statSync } from "node:fs";
import { replay } from "@drainprobe/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordsOf, type ServerProcess, startProbe, startServer } from "./support/hardening/probe.js";
import { endAllIn } from "./support/owned-process.js";
import { waitedForProcessor } from "./support/run-queue.js";

const KILLS = Number(process.env.KILLS ?? 24);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Something is recorded every few milliseconds, so that what is missing shows. */
const BUSY = ["--sessions", "2", "--rate", "200", "--fresh-h2", "5", "--ping-interval", "20ms"];
const MOST_LOST_MS = 100;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => endAllIn(server.dir));

describe("killed", () => {
  it(`by kill -9 at ${KILLS} seeded moments: each log reads to within ${MOST_LOST_MS} ms of it, and folds`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    tell(`seed ${SEED}: ${KILLS} kills\n`);
    const moment = moments(SEED);
    const lost: number[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      const one = await killAfter(moment(700));
      lost.push(one.lostMs);
      tell(`kill ${kill}: lost ${one.lostMs.toFixed(1)} ms; waited for a processor ${one.waitedMs.toFixed(1)} ms\n`);
      // What it never saw, because it was given no processor, it did not lose.
      expect(one.lostMs - one.waitedMs, `seed ${SEED}, kill ${kill}`).toBeLessThanOrEqual(MOST_LOST_MS);
    }
    const sorted = [...lost].sort((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor((KILLS - 1) * share)] ?? 0).toFixed(1);
    const over = lost.filter((ms) => ms > MOST_LOST_MS).length;
    tell(
      `seed ${SEED}: of ${KILLS} kills lost: median ${at(0.5)} ms, p90 ${at(0.9)} ms, most ${at(1)} ms; ${over} over ${MOST_LOST_MS} ms\n`,
    );
  });
});

/** Starts a run, ends it so long after its first session is ready, and reads what it left. */
async function killAfter(ms: number): Promise<{ readonly lostMs: number; readonly waitedMs: number }> {
  const run = await startProbe(["--target", `http://127.0.0.1:${server.port}/`, ...BUSY]);
  const until = process.hrtime.bigint() + BigInt(ms) * 1_000_000n;
  const waits: { readonly at: bigint; readonly waitedMs: number }[] = [];
  const look = (): bigint => {
    const at = process.hrtime.bigint();
    waits.push({ at, waitedMs: waitedForProcessor(run.process.pid) });
    return at;
  };
  while (look() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  const at = look();
  run.process.signal("SIGKILL");
  await run.process.exited;
  const [header, ...records] = recordsOf(run.log);
  if (header?.kind !== "run.header") throw new Error("no header");
  const last = records.at(-1);
  const t = BigInt(header.reference.monotonicEpochNs) + BigInt(last !== undefined && "t" in last ? last.t : 0);
  const { summary } = await replay(run.log);
  expect([summary.verdict, summary.coverage.complete]).toEqual(["inconclusive", false]);
  expect(statSync(run.log).mode & 0o777).toBe(0o600);
  await endAllIn(run.dir);
  const before = waits.findLast((wait) => wait.at <= t) ?? waits[0];
  return { lostMs: Number(at - t) / 1e6, waitedMs: (waits.at(-1)?.waitedMs ?? 0) - (before?.waitedMs ?? 0) };
}

/** The same moments for the same seed. */
function moments(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

/** At once, and past the test runner, which shows what a test says when the test is over. */
function tell(text: string): void {
  process.stderr.write(text);
}
