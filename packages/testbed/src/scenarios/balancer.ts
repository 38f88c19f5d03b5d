import { type Balancer, startBalancer } from "../balancer/balancer.js";
import type { Impairment } from "../balancer/impairment.js";
import { certificates } from "../certificates/certificates.js";
import type { Fault } from "../faults/fault.js";
import { holdMidBody } from "../faults/hold-mid-body.js";
import { holdRequests } from "../faults/hold-requests.js";
import { dataFrame } from "../h2/frame.js";
import { blackHole } from "../impairments/black-hole.js";
import { cutTlsRecord } from "../impairments/cut-tls-record.js";
import { delay } from "../impairments/delay.js";
import { fin } from "../impairments/fin.js";
import { halfClose } from "../impairments/half-close.js";
import { rst } from "../impairments/rst.js";
import type { Running, Scenario } from "../scenario.js";
import { type RawServer, startRawServer } from "../server/raw-server.js";
import { ended, HELD, lostThree } from "./plans.js";
import { hasFired } from "./play.js";

/** A balancer between the client and a server that holds its first connection's requests until the balancer has acted. */
interface BalancerPlay {
  readonly fault: () => Fault;
  /** Put into the first flow once the fault is done and all the server said has passed. */
  readonly impairment: () => Impairment;
  /** Done after that. */
  readonly afterwards?: (server: RawServer) => Promise<void>;
}

async function play({ fault, impairment, afterwards }: BalancerPlay): Promise<Running> {
  const { ca, good } = await certificates();
  const server = await startRawServer({ identity: good, fault: fault() });
  const balancer = await startBalancer({ upstreams: [server] });
  const act = async (): Promise<void> => {
    await server.when(hasFired);
    const [victim] = server.firedOn;
    await balancer.when(({ flows }) => (flows[0]?.passed.down ?? 0) >= (victim?.wire.raw.bytesWritten ?? 0));
    await balancer.add(impairment(), (flow) => flow.index === 0);
    await afterwards?.(server);
  };
  const fired = act();
  return {
    ...running(balancer, server, ca),
    fired,
    settled: fired.then(() =>
      server.when(
        () => balancer.flows[0]?.closed === true && server.connections.some((c) => c.index > 0 && c.answered >= 2),
      ),
    ),
  };
}

async function playDelayed(): Promise<Running> {
  const { ca, good } = await certificates();
  const server = await startRawServer({ identity: good });
  const balancer = await startBalancer({ upstreams: [server] });
  await balancer.add(delay({ ms: 20 }));
  const enough = server.when((s) => s.connections.some((c) => c.answered >= 8));
  return { ...running(balancer, server, ca), fired: enough, settled: enough };
}

function running(balancer: Balancer, server: RawServer, ca: string): Omit<Running, "fired" | "settled"> {
  return {
    url: `https://127.0.0.1:${balancer.port}`,
    ca,
    serverName: null,
    connectTo: null,
    async close() {
      await balancer.close();
      await server.close();
    },
  };
}

/** Endings which a balancer brings about, with a server behind it that is in perfect health. */
export const BALANCER_SCENARIOS: readonly Scenario[] = [
  {
    name: "balancer-fin-mid-body",
    title: "the balancer closes a flow in the middle of the answers, as haproxy does when sessions are shut",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () => play({ fault: () => holdMidBody(), impairment: () => fin() }),
  },
  {
    name: "balancer-rst-in-flight",
    title: "the balancer resets a flow with requests open",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "reset", "tcp.reset", false)],
      requests: [lostThree("tcp.reset", "maybe")],
      minOk: 2,
    },
    start: () => play({ fault: () => holdRequests(), impairment: () => rst() }),
  },
  {
    name: "balancer-forgets-flow",
    title: "the balancer lets nothing of a flow pass any more and tells nobody",
    selfTest: false,
    plan: { ...HELD, pingIntervalMs: 60, pingTimeoutMs: 600 },
    expected: {
      connections: [ended("held", "silent", "h2.ping.timed_out")],
      requests: [lostThree("h2.ping.timed_out", "maybe")],
      minOk: 2,
    },
    start: () => play({ fault: () => holdRequests(), impairment: () => blackHole() }),
  },
  {
    name: "balancer-half-close",
    title: "the balancer sends FIN to the client and passes its bytes on",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "maybe")],
      minOk: 2,
    },
    start: () => play({ fault: () => holdRequests(), impairment: () => halfClose() }),
  },
  {
    name: "balancer-cuts-tls-record",
    title: "the balancer closes a flow in the middle of a TLS record",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () =>
      play({
        fault: () => holdMidBody(),
        impairment: () => cutTlsRecord(),
        afterwards: async (server) => {
          const [victim] = server.firedOn;
          await victim?.send(dataFrame(victim.lastStream, Buffer.alloc(1_024, "y"), false));
        },
      }),
  },
  {
    name: "balancer-delay",
    title: "the balancer takes 20 ms each way: slow is not broken",
    selfTest: false,
    plan: HELD,
    expected: { connections: [], requests: [], minOk: 6 },
    start: playDelayed,
  },
];
