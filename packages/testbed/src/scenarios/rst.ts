import { rstDuringTlsHandshake } from "../faults/rst-during-tls-handshake.js";
import { rstIdle } from "../faults/rst-idle.js";
import { rstInFlight } from "../faults/rst-in-flight.js";
import { rstRightAfterData } from "../faults/rst-right-after-data.js";
import type { Scenario } from "../scenario.js";
import { ended, FRESH_TLS, HELD, IDLE, lostThree } from "./plans.js";
import { playRaw, replaced, replacedFresh, replacedIdle } from "./play.js";

/** Endings by RST without GOAWAY. */
export const RST_SCENARIOS: readonly Scenario[] = [
  {
    name: "rst-idle",
    title: "RST on an idle connection, in answer to a PING",
    selfTest: false,
    plan: IDLE,
    expected: { connections: [ended("idle", "reset", "tcp.reset", false)], requests: [], minOk: 0 },
    start: () => playRaw({ fault: rstIdle(), settledWhen: replacedIdle }),
  },
  {
    name: "rst-in-flight",
    title: "RST with requests open, nothing answered",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [ended("held", "reset", "tcp.reset", false)],
      requests: [lostThree("tcp.reset", "maybe")],
      minOk: 2,
    },
    start: () => playRaw({ fault: rstInFlight(), settledWhen: replaced() }),
  },
  {
    name: "rst-right-after-data",
    title: "RST right behind the first bytes of the answers",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "reset", "tcp.reset", false)],
      requests: [lostThree("tcp.reset", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: rstRightAfterData(), settledWhen: replaced() }),
  },
  {
    name: "rst-during-tls-handshake",
    title: "RST in answer to the ClientHello",
    selfTest: false,
    plan: FRESH_TLS,
    expected: { connections: [ended("fresh.tls", "reset", "tcp.reset")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: rstDuringTlsHandshake(), settledWhen: replacedFresh }),
  },
];
