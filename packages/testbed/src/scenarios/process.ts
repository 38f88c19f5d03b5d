import { certificates } from "../certificates/certificates.js";
import { startMortalServer } from "../listeners/mortal-server.js";
import type { Running, Scenario } from "../scenario.js";
import { startRawServer } from "../server/raw-server.js";
import { ended, HELD, lostThree } from "./plans.js";

/** What becomes of connections when a process dies. */
export const PROCESS_SCENARIOS: readonly Scenario[] = [
  {
    name: "sigkill",
    title: "SIGKILL for the server process, with requests open",
    selfTest: false,
    // No PING before the end: one the process had not read yet would turn the kernel's FIN into RST.
    plan: { ...HELD, pingIntervalMs: 2_000 },
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "maybe")],
      minOk: 2,
    },
    start: startSigkill,
  },
];

async function startSigkill(): Promise<Running> {
  const { ca, good } = await certificates();
  const mortal = await startMortalServer(good);
  let given = false;
  const server = await startRawServer({
    identity: good,
    divert(socket) {
      if (given) return false;
      given = true;
      mortal.take(socket);
      return true;
    },
  });
  const fired = mortal.opened(3).then(() => mortal.kill());
  return {
    url: server.url,
    ca,
    serverName: null,
    connectTo: null,
    fired,
    settled: fired.then(() => server.when(() => server.connections.some((c) => c.answered >= 2))),
    async close() {
      await mortal.kill();
      await server.close();
    },
  };
}
