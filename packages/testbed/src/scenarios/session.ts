import { dataOnStreamZero } from "../faults/data-on-stream-zero.js";
import { settingsNeverSent } from "../faults/settings-never-sent.js";
import { silence } from "../faults/silence.js";
import type { Scenario } from "../scenario.js";
import { ended, HELD, IDLE, lostThree } from "./plans.js";
import { playRaw, replaced, replacedIdle } from "./play.js";

/** Silence and broken rules; and the run in which nothing goes wrong. */
export const SESSION_SCENARIOS: readonly Scenario[] = [
  {
    name: "silence",
    title: "nothing is answered any more, PING included",
    selfTest: true,
    plan: { ...HELD, pingIntervalMs: 60, pingTimeoutMs: 600 },
    expected: {
      connections: [ended("held", "silent", "h2.ping.timed_out")],
      requests: [lostThree("h2.ping.timed_out", "maybe")],
      minOk: 2,
    },
    start: () => playRaw({ fault: silence(), settledWhen: replaced() }),
  },
  {
    name: "settings-never-sent",
    title: "TLS comes up and HTTP/2 does not",
    selfTest: false,
    plan: { ...IDLE, connectTimeoutMs: 400 },
    expected: { connections: [ended("idle", "silent", "h2.settings.timed_out")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: settingsNeverSent(), settledWhen: replacedIdle }),
  },
  {
    name: "protocol-error",
    title: "DATA on stream 0",
    selfTest: true,
    plan: IDLE,
    expected: {
      connections: [ended("idle", "local", "h2.protocol.error")],
      requests: [],
      minOk: 0,
    },
    start: () => playRaw({ fault: dataOnStreamZero(), settledWhen: replacedIdle }),
  },
  {
    name: "healthy",
    title: "nothing goes wrong, on any lane",
    selfTest: false,
    plan: {
      lanes: {
        held: { sessions: 2, streams: 3, ratePerSecond: 60 },
        idle: { sessions: 1 },
        freshTcp: { ratePerSecond: 10 },
        freshTls: { ratePerSecond: 10 },
        freshH2: { ratePerSecond: 10 },
        watch: { paths: ["/watch"] },
        slow: { paths: ["/slow/100"] },
      },
      pingIntervalMs: 60,
    },
    expected: { connections: [], requests: [], minOk: 20 },
    start: () => {
      const enough = (s: Parameters<typeof replacedIdle>[0]) =>
        s.connections.reduce((sum, c) => sum + c.answered, 0) >= 24 &&
        s.connections.filter((c) => c.closed).length >= 6;
      return playRaw({ firedWhen: enough, settledWhen: enough });
    },
  },
];
