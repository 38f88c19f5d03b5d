import { describe, expect, it } from "vitest";
import { createProbe, type LogRecord } from "../src/index.js";
import { LIMITS } from "../src/limits.js";
import { startSessionServer } from "./session-server.js";

const SECOND = 1e9;
/** SESSIONS=1000 for as many as a control plane's clients may be. */
const SESSIONS = Number(process.env.SESSIONS ?? 300);

describe("sessions that die together", () => {
  it("are reopened by the pace and with jitter, and the log and the summary say so", { timeout: 60_000 }, async () => {
    const sessions = SESSIONS;
    const perSecond = 100;
    await using server = await startSessionServer({ tls: false });
    const probe = await createProbe({
      paths: [server.path],
      lanes: { idle: { sessions } },
      caps: { newConnectionsPerSecond: perSecond },
    });
    await probe.settled({ timeoutMs: 30_000 });
    await expect.poll(() => server.sockets.size, { timeout: 30_000 }).toBe(sessions);
    for (const socket of server.sockets) socket.destroy();
    const records: LogRecord[] = [];
    let ready = 0;
    for await (const record of probe.records()) {
      records.push(record);
      if (record.kind === "session.ready" && record.replaces !== null && ++ready === sessions) break;
    }
    const summary = await probe.stop();

    const begun = records.flatMap((r) => (r.kind === "tcp.connect.started" && r.conn > sessions ? [r.t] : []));
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
