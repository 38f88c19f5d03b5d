import { describe, expect, it } from "vitest";
import { createProbe, type LogRecord } from "../src/index.js";
import { LIMITS } from "../src/limits.js";
import { MortalServer } from "./mortal-server.js";

const SECOND = 1e9;
/** SESSIONS=1000 for as many as a control plane's clients may be. */
const SESSIONS = Number(process.env.SESSIONS ?? 300);

describe("sessions that die together", () => {
  it("are reopened by the pace and with jitter, and the log and the summary say so", { timeout: 120_000 }, async () => {
    const sessions = SESSIONS;
    const perSecond = 100;
    await using server = await MortalServer.start();
    const probe = await createProbe({
      paths: [{ name: "local", url: `http://127.0.0.1:${server.port}/ok` }],
      lanes: { idle: { sessions } },
      caps: { newConnectionsPerSecond: perSecond },
    });
    await probe.settled({ timeoutMs: 30_000 });
    await expect.poll(() => server.connections(), { timeout: 30_000 }).toBe(sessions);
    // Opened before they die: the first are reopened before we hear that they did.
    const seen = probe.records();
    expect(await server.endAll()).toBe(sessions);
    const records: LogRecord[] = [];
    let ready = 0;
    for await (const record of seen) {
      records.push(record);
      if (record.kind === "session.ready" && record.replaces !== null && ++ready === sessions) break;
    }
    const summary = await probe.stop();
    if (process.env.SESSIONS !== undefined) tell(records);

    const begun = records.flatMap((r) => (r.kind === "tcp.connect.started" ? [r.t] : []));
    const paced = records.flatMap((r) => (r.kind === "session.paced" ? [r.delayNs] : []));
    // On a machine that is slow enough some attempts take too long, and are made again.
    expect(begun.length).toBeGreaterThanOrEqual(sessions);
    // A slow machine notices the ends one by one, and meanwhile places in the line become free.
    expect(paced.length).toBeGreaterThan((sessions - LIMITS.reopenBurst) / 2);
    expect(paced.length).toBeLessThanOrEqual(begun.length - LIMITS.reopenBurst);
    const [first = 0, last = 0] = [begun[0], begun.at(-1)];
    expect((last - first) / SECOND).toBeGreaterThan((0.7 * paced.length) / perSecond);
    // Jitter: no two steps of the line are the same.
    const steps = paced.map((delay, n) => delay - (paced[n - 1] ?? 0));
    expect(new Set(steps).size).toBeGreaterThan(steps.length * 0.9);
    expect(summary.coverage.paced).toEqual({ sessions: paced.length, longestNs: Math.max(...paced) });
  });
});

/** When they were back, past the test runner: for who asked for so many. */
function tell(records: readonly LogRecord[]): void {
  const begun = records.find(({ kind }) => kind === "tcp.connect.started");
  const back = records
    .flatMap((r) => (r.kind === "session.ready" && r.replaces !== null ? [r.t] : []))
    .sort((a, b) => a - b);
  const at = (share: number): string =>
    (
      ((back[Math.floor((back.length - 1) * share)] ?? 0) - (begun !== undefined && "t" in begun ? begun.t : 0)) /
      SECOND
    ).toFixed(2);
  process.stderr.write(
    `${back.length} sessions back: half after ${at(0.5)} s, 90 % after ${at(0.9)} s, the last after ${at(1)} s\n`,
  );
}
