import type { Certificates } from "../certificates/identity.js";
import { tlsAlert } from "../faults/tls-alert.js";
import { tlsGarbage } from "../faults/tls-garbage.js";
import { tlsHandshakeSilence } from "../faults/tls-handshake-silence.js";
import type { Expected, ProbePlan, Scenario } from "../scenario.js";
import type { RawServer } from "../server/raw-server.js";
import { ended, FRESH_TLS } from "./plans.js";
import { playRaw, replacedFresh, replacedHello } from "./play.js";

const EVERY: ProbePlan = { lanes: { freshTls: { ratePerSecond: 5 }, freshH2: { ratePerSecond: 5 } } };
/** No more than an answer to the ClientHello is wanted. */
const HELLO: ProbePlan = { lanes: { freshHello: { ratePerSecond: 10 } } };
const SOME = { min: 1, max: 100 };

/** Each handshake fails so, and each request that waited for one was never sent. */
function everyHandshakeFails(type: string): Expected {
  return {
    connections: [
      { ...ended("fresh.tls", null, type), count: SOME },
      { ...ended("fresh.h2", null, type), count: SOME },
    ],
    requests: [{ scope: "connection", type, processed: "no", status: null, count: SOME }],
    minOk: 0,
  };
}

/** Both lanes have tried, and the clients are gone again. */
function fourGone(server: RawServer): boolean {
  return closedOnes(server) >= 4;
}

function closedOnes(server: RawServer): number {
  return server.connections.filter((c) => c.closed).length;
}

function certificate(
  name: string,
  title: string,
  identity: Exclude<keyof Certificates, "ca">,
  type: string,
  selfTest: boolean,
): Scenario {
  return {
    name,
    title,
    selfTest,
    plan: EVERY,
    expected: everyHandshakeFails(type),
    start: () => playRaw({ identity, firedWhen: (s) => s.connections.length > 0, settledWhen: fourGone }),
  };
}

function alpn(name: string, title: string, offered: readonly string[], selfTest: boolean): Scenario {
  return {
    name,
    title,
    selfTest,
    plan: EVERY,
    expected: everyHandshakeFails("tls.alpn.refused"),
    start: () => playRaw({ alpn: offered, firedWhen: (s) => s.connections.length > 0, settledWhen: fourGone }),
  };
}

/** Failures of the TLS handshake. */
export const TLS_SCENARIOS: readonly Scenario[] = [
  certificate("cert-expired", "the server's certificate ended yesterday", "expired", "tls.cert.date_invalid", false),
  certificate(
    "cert-wrong-name",
    "the server's certificate is for another name",
    "wrongName",
    "tls.cert.name_invalid",
    false,
  ),
  certificate(
    "cert-unknown-ca",
    "the server's certificate is from an unknown authority",
    "unknownCa",
    "tls.cert.authority_invalid",
    true,
  ),
  alpn(
    "alpn-refused",
    "the server speaks HTTP/1.1 only and says so by alert no_application_protocol",
    ["http/1.1"],
    true,
  ),
  alpn("alpn-ignored", "the server takes no part in ALPN", [], false),
  {
    name: "tls-garbage",
    title: "HTTP/1.1 in clear in answer to the ClientHello",
    selfTest: false,
    plan: FRESH_TLS,
    expected: { connections: [ended("fresh.tls", null, "tls.protocol.error")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsGarbage(), settledWhen: replacedFresh }),
  },
  {
    name: "tls-alert-protocol-version",
    title: "alert protocol_version in answer to the ClientHello",
    selfTest: false,
    plan: FRESH_TLS,
    expected: { connections: [ended("fresh.tls", null, "tls.version_or_cipher_mismatch")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsAlert(70), settledWhen: replacedFresh }),
  },
  {
    name: "tls-alert-bad-certificate",
    title: "alert bad_certificate during the handshake",
    selfTest: false,
    plan: FRESH_TLS,
    expected: { connections: [ended("fresh.tls", null, "tls.bad_client_auth_cert")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsAlert(42), settledWhen: replacedFresh }),
  },
  {
    name: "tls-handshake-timeout",
    title: "the ClientHello gets no answer",
    selfTest: false,
    plan: { lanes: { freshTls: { ratePerSecond: 5 } }, connectTimeoutMs: 400 },
    expected: { connections: [ended("fresh.tls", "silent", "tls.timed_out")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsHandshakeSilence(), settledWhen: replacedFresh }),
  },
  {
    name: "hello-answered",
    title: "half a handshake: the server answers the ClientHello, and the client goes",
    selfTest: false,
    plan: HELLO,
    expected: { connections: [{ ...ended("fresh.hello", "local", null), count: SOME }], requests: [], minOk: 0 },
    start: () => playRaw({ firedWhen: (s) => s.connections.length > 0, settledWhen: (s) => closedOnes(s) >= 3 }),
  },
  {
    name: "hello-refused",
    title: "an alert in answer to the ClientHello of half a handshake: whoever refuses is there",
    selfTest: false,
    plan: HELLO,
    expected: { connections: [{ ...ended("fresh.hello", "local", null), count: SOME }], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsAlert(70), settledWhen: replacedHello }),
  },
  {
    name: "hello-unanswered",
    title: "the kernel accepts, and the ClientHello of half a handshake gets no answer",
    selfTest: false,
    plan: { lanes: { freshHello: { ratePerSecond: 5 } }, connectTimeoutMs: 400 },
    expected: { connections: [ended("fresh.hello", "silent", "tls.timed_out")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsHandshakeSilence(), settledWhen: replacedHello }),
  },
  {
    name: "hello-garbage",
    title: "HTTP/1.1 in clear in answer to the ClientHello of half a handshake",
    selfTest: false,
    plan: HELLO,
    expected: { connections: [ended("fresh.hello", null, "tls.protocol.error")], requests: [], minOk: 0 },
    start: () => playRaw({ fault: tlsGarbage(), settledWhen: replacedHello }),
  },
];
