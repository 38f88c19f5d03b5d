import { type FlagTable, toggle, value } from "./flag.js";
import { connectTo, requestPath, targetUrl } from "./target-values.js";
import { count, duration, oneOf, rate, text } from "./values.js";

const TARGET = "What to open connections to";
const CREDENTIALS = "Credentials (files; their contents are never printed)";
const LOAD = "Load (it stays under the caps; only their own flags raise them)";
const OUTPUT = "Output";

const MS = 1e6;
const MAX_RATE = 20_000;
const MAX_COUNT = 10_000_000;

/** Flags of `drainprobe bench`. */
export const BENCH_FLAGS = {
  target: value({
    group: TARGET,
    placeholder: "URL",
    parse: targetUrl,
    fallback: null,
    help: "your own service: https://host:port/path, or http://host:port for HTTP/2 without TLS",
  }),
  connectTo: value({
    group: TARGET,
    placeholder: "IP:PORT",
    parse: connectTo,
    fallback: null,
    absent: "the URL's host",
    help: "connect here instead of resolving the URL's host",
  }),
  request: value({
    group: TARGET,
    placeholder: "/PATH",
    parse: requestPath,
    fallback: null,
    absent: "the path in the URL",
    help: "what each h2 connection GETs",
  }),
  ca: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    absent: "the authorities Node trusts",
    help: "PEM file with the authorities to trust",
  }),
  cert: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    help: "PEM file with our client certificate; wants --key",
  }),
  key: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    help: "PEM file with its private key, without a passphrase",
  }),
  tokenFile: value({
    group: CREDENTIALS,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    help: "file with a bearer token, sent by h2 connections",
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
    help: "accept any certificate; the result says so",
  }),
  kind: value({
    group: LOAD,
    placeholder: "KIND",
    parse: oneOf(["tcp", "hello", "tls", "h2"]),
    fallback: "h2",
    help: "how far each connection goes: tcp connects, hello sends a ClientHello and waits for its answer, tls shakes hands, h2 sends one request too",
  }),
  rate: value({
    group: LOAD,
    placeholder: "R",
    parse: rate(MAX_RATE),
    fallback: "20",
    help: "new connections per second, whatever becomes of the others (open loop)",
  }),
  concurrency: value({
    group: LOAD,
    placeholder: "N",
    parse: count(1, 1_000),
    fallback: null,
    absent: "open loop at --rate",
    help: "closed loop instead: so many at once, the next when one is closed, as fast as that goes; wants --max-rate none",
  }),
  count: value({
    group: LOAD,
    placeholder: "N",
    parse: count(1, MAX_COUNT),
    fallback: "200",
    help: "connections in all",
  }),
  maxRate: value({
    group: LOAD,
    placeholder: "R",
    parse: (given: string) => (given === "none" ? Number.POSITIVE_INFINITY : rate(MAX_RATE)(given)),
    fallback: "100",
    help: "cap on --rate; none allows a closed loop, which has no rate to cap",
  }),
  maxCount: value({
    group: LOAD,
    placeholder: "N",
    parse: count(1, MAX_COUNT),
    fallback: "5000",
    help: "cap on --count",
  }),
  timeout: value({
    group: LOAD,
    placeholder: "TIME",
    parse: duration({ minNs: MS, maxNs: 3600e9 }),
    fallback: "5s",
    help: "a connection without its answer after this long has failed",
  }),
  json: toggle({ group: OUTPUT, fallback: false, help: "print one JSON object (schema drainprobe.bench/1)" }),
  quiet: toggle({ group: OUTPUT, fallback: false, help: "no warning on stderr" }),
} satisfies FlagTable;
