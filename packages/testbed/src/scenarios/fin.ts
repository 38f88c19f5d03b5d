import { closeNotifyWithoutGoaway } from "../faults/close-notify-without-goaway.js";
import { finBeforeHeaders } from "../faults/fin-before-headers.js";
import { finDuringTlsHandshake } from "../faults/fin-during-tls-handshake.js";
import { finIdle } from "../faults/fin-idle.js";
import { finInsideTlsRecord } from "../faults/fin-inside-tls-record.js";
import { finMidBody } from "../faults/fin-mid-body.js";
import { finThenRst } from "../faults/fin-then-rst.js";
import { rstAfterFin } from "../faults/rst-after-fin.js";
import type { Scenario } from "../scenario.js";
import { ended, FRESH_TLS, HELD, IDLE, lostThree } from "./plans.js";
import { playRaw, replaced, replacedFresh, replacedIdle } from "./play.js";

/** Endings by FIN without GOAWAY. */
export const FIN_SCENARIOS: readonly Scenario[] = [
  {
    name: "fin-idle",
    title: "FIN on an idle connection",
    selfTest: false,
    plan: IDLE,
    expected: { connections: [ended("idle", "abrupt", "tcp.closed", false)], requests: [], minOk: 0 },
    start: () => playRaw({ fault: finIdle(), settledWhen: replacedIdle }),
  },
  {
    name: "fin-before-headers",
    title: "FIN with requests open, nothing answered",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "maybe")],
      minOk: 2,
    },
    start: () => playRaw({ fault: finBeforeHeaders(), settledWhen: replaced() }),
  },
  {
    name: "fin-mid-body",
    title: "FIN in the middle of the answers",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: finMidBody(), settledWhen: replaced() }),
  },
  {
    name: "h2c-fin-mid-body",
    title: "FIN in the middle of the answers, without TLS",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", null)],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: finMidBody(), identity: null, settledWhen: replaced() }),
  },
  {
    name: "fin-inside-tls-record",
    title: "FIN in the middle of a TLS record",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", false)],
      requests: [lostThree("tcp.closed", "yes")],
      minOk: 2,
    },
    start: () => playRaw({ fault: finInsideTlsRecord(), settledWhen: replaced() }),
  },
  {
    name: "fin-during-tls-handshake",
    title: "FIN in answer to the ClientHello",
    selfTest: false,
    plan: FRESH_TLS,
    expected: { connections: [ended("fresh.tls", "abrupt", "tcp.closed")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: finDuringTlsHandshake(), settledWhen: replacedFresh }),
  },
  {
    name: "close-notify-without-goaway",
    title: "close_notify and FIN with requests open, no GOAWAY",
    selfTest: false,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.closed", true)],
      requests: [lostThree("tcp.closed", "maybe")],
      minOk: 2,
    },
    start: () => playRaw({ fault: closeNotifyWithoutGoaway(), settledWhen: replaced() }),
  },
  {
    name: "epipe",
    title: "FIN and RST back to back: the client's kernel holds EPIPE",
    selfTest: true,
    plan: HELD,
    expected: {
      connections: [ended("held", "abrupt", "tcp.broken_pipe", false)],
      requests: [lostThree("tcp.broken_pipe", "maybe")],
      minOk: 2,
    },
    start: () => playRaw({ fault: finThenRst(), settledWhen: replaced() }),
  },
  {
    name: "trailing-rst-after-fin",
    title: "FIN, then RST that only answers the client's own bytes: means nothing",
    selfTest: false,
    plan: IDLE,
    expected: { connections: [ended("idle", "abrupt", "tcp.closed", false)], requests: [], minOk: 0 },
    start: () => playRaw({ fault: rstAfterFin(), settledWhen: replacedIdle }),
  },
];
