import { certificates } from "../certificates/certificates.js";
import { holdRefusingPort } from "../listeners/refusing-port.js";
import { listenWithFullBacklog, listenWithoutAccepting } from "../listeners/unaccepting-listener.js";
import type { Expected, ProbePlan, Running, Scenario } from "../scenario.js";
import { startRawServer } from "../server/raw-server.js";
import { ended } from "./plans.js";

const SOME = { min: 1, max: 100 };
const EVERY: ProbePlan["lanes"] = { freshTcp: { ratePerSecond: 10 }, freshH2: { ratePerSecond: 10 } };

/** Each attempt fails so before it is a connection, and each request that waited for one was never sent. */
function everyAttemptFails(type: string): Expected {
  return {
    connections: [
      { ...ended("fresh.tcp", null, type), count: SOME },
      { ...ended("fresh.h2", null, type), count: SOME },
    ],
    requests: [{ scope: "connection", type, processed: "no", status: null, count: SOME }],
    minOk: 0,
  };
}

/** A target which the testbed cannot watch being tried: it settles after a while. */
function unseen(
  target: { port: number; connectTo?: string; close(): Promise<void> },
  ca: string,
  settleMs: number,
): Running {
  let timer: NodeJS.Timeout | undefined;
  const settled = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, settleMs);
  });
  return {
    url: `https://localhost:${target.port}`,
    ca,
    serverName: null,
    connectTo: target.connectTo ?? `127.0.0.1:${target.port}`,
    fired: Promise.resolve(),
    settled,
    async close() {
      clearTimeout(timer);
      await target.close();
    },
  };
}

/** Attempts that never become a connection. */
export const ATTEMPT_SCENARIOS: readonly Scenario[] = [
  {
    name: "refused",
    title: "nobody listens on the port",
    selfTest: true,
    plan: { lanes: EVERY },
    expected: everyAttemptFails("tcp.refused"),
    start: async () => unseen(await holdRefusingPort(), (await certificates()).ca, 200),
  },
  {
    name: "connect-timeout",
    title: "the accept queue is full: SYNs get no answer",
    selfTest: false,
    needs: ["linux"],
    plan: { lanes: EVERY, connectTimeoutMs: 300 },
    expected: everyAttemptFails("tcp.timed_out"),
    start: async () => unseen(await listenWithFullBacklog(), (await certificates()).ca, 600),
  },
  {
    name: "unreachable",
    title: "the kernel has no way to the address",
    selfTest: true,
    // Linux refuses TCP to a broadcast address at once; that of the loopback network needs no other interface.
    needs: ["linux"],
    plan: { lanes: EVERY },
    expected: everyAttemptFails("tcp.unreachable"),
    start: async () =>
      unseen({ port: 443, connectTo: "127.255.255.255:443", close: async () => {} }, (await certificates()).ca, 200),
  },
  {
    name: "rst-in-accept-backlog",
    title: "the listener is closed with a connection in its accept queue",
    selfTest: false,
    needs: ["linux"],
    plan: { lanes: { freshTls: { ratePerSecond: 4 } } },
    expected: {
      connections: [
        // One is meant; on a slow machine others wait in the queue with it, perhaps unaware that they are connected.
        { ...ended("fresh.tls", "reset", "tcp.reset"), count: { min: 1, max: 4 } },
        { ...ended("fresh.tls", null, "tcp.reset"), count: { min: 0, max: 4 } },
        // Until the healthy server has taken the port over, an attempt may be refused.
        { ...ended("fresh.tls", null, "tcp.refused"), count: { min: 0, max: 4 } },
      ],
      requests: [],
      minOk: 0,
    },
    start: startBacklogReset,
  },
];

async function startBacklogReset(): Promise<Running> {
  const { ca, good } = await certificates();
  const listener = await listenWithoutAccepting(16, "queued-bytes");
  const healthy = listener.closed.then(() => startRawServer({ identity: good, port: listener.port }));
  return {
    url: `https://127.0.0.1:${listener.port}`,
    ca,
    serverName: null,
    connectTo: null,
    fired: listener.closed,
    settled: healthy.then((server) => server.when(() => server.connections.some((c) => c.secured && c.closed))),
    async close() {
      await listener.close();
      await (await healthy).close();
    },
  };
}
