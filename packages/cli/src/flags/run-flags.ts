import { type FlagTable, list, toggle, value } from "./flag.js";
import { KUBE_FLAGS } from "./kube-flags.js";
import { connectTo, namedUrl, requestLine, requestPath, targetUrl } from "./target-values.js";
import { THRESHOLD_FLAGS } from "./threshold-flags.js";
import { bytes, count, duration, ipAddress, oneOf, rate, text } from "./values.js";

const MS = 1e6;
const HOUR = 3600e9;
const TARGET = "What to probe";
const CREDENTIALS = "Credentials (files; their contents are never printed or logged)";
const LANES = "Lanes (what runs at the same time, on every path; 0 switches one off)";
const CAPS = "Politeness (hard caps over all paths and lanes; a run that asks for more is refused)";
const TIMING = "Timing";
const OUTPUT = "Output";
const METRICS = "Metrics";
const INSTRUMENT = "The instrument";

/** Most of the bounds come from what one machine can do, some from what a run can keep in memory. */
const MAX_RATE = 100_000;
const MAX_SESSIONS = 5_000;
const MAX_CONNECTIONS = 12_000;

/** The lanes' flags: when none is given, a lane mix of its own is used (see `laneOptions`). */
export const LANE_FLAG_NAMES = [
  "sessions",
  "streams",
  "rate",
  "idle",
  "freshTcp",
  "freshHello",
  "freshTls",
  "freshH2",
  "watch",
  "slow",
] as const;

/** Flags of a path that `path:` in a configuration may set for each path apart. */
export const PER_PATH_FLAG_NAMES = [
  "connectTo",
  "ca",
  "cert",
  "key",
  "tokenFile",
  "serverName",
  "insecureSkipTlsVerify",
] as const;

/** Flags of `drainprobe run`, in the order help and docs show them. */
export const RUN_FLAGS = {
  target: value({
    group: TARGET,
    placeholder: "URL",
    parse: targetUrl,
    fallback: null,
    help: "probe this address: https://host:port, or http://host:port for HTTP/2 without TLS",
  }),
  path: list({
    group: TARGET,
    placeholder: "NAME=URL",
    parse: namedUrl,
    help: "instead of --target, and repeatable: ways to the same service, probed side by side",
  }),
  connectTo: list({
    group: TARGET,
    placeholder: "[NAME=]IP:PORT",
    parse: connectTo,
    help: "connect here instead of resolving the URL's host; NAME= says for which path",
  }),
  request: list({
    group: TARGET,
    placeholder: '"METHOD /path [body]"',
    parse: requestLine,
    absent: "GET the path in the URL",
    help: "what to ask for; repeatable, taken in turn",
  }),
  ca: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    absent: "the authorities Node trusts",
    file: true,
    help: "PEM file with the authorities to trust",
  }),
  cert: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    file: true,
    help: "PEM file with our client certificate; wants --key",
  }),
  key: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    file: true,
    help: "PEM file with its private key, without a passphrase",
  }),
  tokenFile: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    file: true,
    help: "file with a bearer token; read again for each new connection",
  }),
  serverName: value({
    group: CREDENTIALS,
    placeholder: "NAME",
    parse: text("a host name"),
    fallback: null,
    absent: "the URL's host",
    help: "name to send as SNI and to look for in the certificate",
  }),
  insecureSkipTlsVerify: toggle({
    group: CREDENTIALS,
    fallback: false,
    help: "accept any certificate; every output says so",
  }),
  ...KUBE_FLAGS,
  sessions: value({
    group: LANES,
    placeholder: "N",
    parse: count(0, MAX_SESSIONS),
    fallback: "2",
    help: "held: long-lived HTTP/2 sessions that carry requests",
  }),
  streams: value({
    group: LANES,
    placeholder: "N",
    parse: count(1, 10_000),
    fallback: "5",
    help: "held: requests open at once on each session, at most",
  }),
  rate: value({
    group: LANES,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: "50",
    help: "held: requests per second, over all sessions of a path",
  }),
  idle: value({
    group: LANES,
    placeholder: "N",
    parse: count(0, MAX_SESSIONS),
    fallback: null,
    absent: "0, or 1 when no lane is named",
    help: "idle: sessions that carry PING only",
  }),
  freshTcp: value({
    group: LANES,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: null,
    absent: "0",
    help: "fresh.tcp: new connections per second, closed once open",
  }),
  freshHello: value({
    group: LANES,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: null,
    absent: "0",
    help: "fresh.hello: new connections per second, closed when the server has answered a TLS ClientHello",
  }),
  freshTls: value({
    group: LANES,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: null,
    absent: "0",
    help: "fresh.tls: new connections per second, closed after the TLS handshake",
  }),
  freshH2: value({
    group: LANES,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: null,
    absent: "0, or 5 when no lane is named",
    help: "fresh.h2: new connections per second, with one request each",
  }),
  watch: list({
    group: LANES,
    placeholder: "PATH",
    parse: requestPath,
    help: "watch: GET this long-running stream, reopened when it ends; repeatable",
  }),
  slow: list({
    group: LANES,
    placeholder: "PATH",
    parse: requestPath,
    help: "slow: GET this slow answer, one after the other, to have one in flight at shutdown; repeatable",
  }),
  maxConnections: value({
    group: CAPS,
    placeholder: "N",
    parse: count(1, MAX_CONNECTIONS),
    fallback: "1000",
    help: "connections open at once",
  }),
  maxNewConnections: value({
    group: CAPS,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: "200",
    help: "new connections per second: what the fresh lanes open, and how fast sessions lost together are reopened",
  }),
  maxRequests: value({
    group: CAPS,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: "2000",
    help: "requests per second",
  }),
  dryRun: toggle({
    group: CAPS,
    fallback: false,
    help: "print the load this run would put on its target and every write it would do, and end",
  }),
  duration: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: 10 * MS, maxNs: 100 * 24 * HOUR }),
    fallback: null,
    absent: "until SIGINT or SIGTERM",
    help: "end the run by itself after this long",
  }),
  requestTimeout: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: MS, maxNs: HOUR }),
    fallback: "10s",
    help: "a request unanswered for this long has failed",
  }),
  pingInterval: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: 10 * MS, maxNs: HOUR }),
    fallback: "250ms",
    help: "PING every session this often",
  }),
  pingTimeout: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: 10 * MS, maxNs: HOUR }),
    fallback: "2s",
    help: "a PING unanswered for this long means the connection has gone silent",
  }),
  connectTimeout: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: MS, maxNs: HOUR }),
    fallback: "5s",
    help: "for the TCP and the TLS handshake together",
  }),
  drainTimeout: value({
    group: TIMING,
    placeholder: "TIME",
    parse: duration({ minNs: MS, maxNs: HOUR }),
    fallback: "15s",
    help: "how long a connection may stay open after its GOAWAY before we close it",
  }),
  ...THRESHOLD_FLAGS,
  out: value({
    group: OUTPUT,
    placeholder: "FILE.jsonl",
    parse: text("a file name"),
    fallback: null,
    absent: "no log is kept",
    file: true,
    help: "write every event and verdict to this log; refused if it exists; in a folder, to a new file named after host and time",
  }),
  overwrite: toggle({ group: OUTPUT, fallback: false, help: "let --out replace a file that exists" }),
  maxLogSize: value({
    group: OUTPUT,
    placeholder: "SIZE",
    parse: bytes(1024 * 1024),
    fallback: null,
    absent: "no bound",
    help: "keep the log on the disk below this size: it is written in parts, finished ones are packed (FILE.0001.gz), the oldest go",
  }),
  json: toggle({ group: OUTPUT, fallback: false, help: "print the summary as one JSON object instead of text" }),
  quiet: toggle({ group: OUTPUT, fallback: false, help: "no progress on stderr; errors still are told" }),
  metricsPort: value({
    group: METRICS,
    placeholder: "PORT",
    parse: count(0, 65_535),
    fallback: null,
    absent: "no metrics are served",
    help: "serve /metrics and /healthz over HTTP while the run lasts; 0 takes a free port and prints it",
  }),
  metricsAddress: value({
    group: METRICS,
    placeholder: "IP",
    parse: ipAddress,
    fallback: "127.0.0.1",
    help: "listen on this address of the machine; whoever reaches it can read the metrics",
  }),
  engine: value({
    group: INSTRUMENT,
    placeholder: "NAME",
    parse: oneOf(["wire", "node"]),
    fallback: "wire",
    help: "who writes the requests: wire (our own HTTP/2 client) or node (node:http2, the cross-check)",
  }),
  node: value({
    group: INSTRUMENT,
    placeholder: "NAME",
    parse: text("a name"),
    fallback: null,
    absent: "the host's name",
    help: "what this node is called in the log, where logs of several nodes are told apart by it",
  }),
  config: value({
    group: INSTRUMENT,
    placeholder: "FILE.yaml",
    parse: text("a file name"),
    fallback: null,
    commandLineOnly: true,
    help: "read these settings from a file; flags win over it",
  }),
  selfTest: toggle({
    group: INSTRUMENT,
    fallback: true,
    help: "start without the self-test of about a second; the output says so",
  }),
} satisfies FlagTable;
