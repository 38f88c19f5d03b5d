// Everything that reads lines of other programs: klog's, the test program's of the seed, client-go's errors. Input: a log.
import { createExplainer } from "../../../packages/probe-core/dist/explain/explainer.js";
import { klogTime, parseKlogLine } from "../../../packages/probe-core/dist/kube/markers/klog.js";

const LINES = [
  'I0608 21:41:20.732000       1 genericapiserver.go:648] "[graceful-termination] shutdown event" name="ShutdownInitiated"',
  'E0608 21:41:20.732123   12345 reflector.go:138] Failed to watch: Get "https://10.0.0.2:6443/api?watch=true": http2: server sent GOAWAY and closed the connection; LastStreamID=1999, ErrCode=NO_ERROR, debug=""',
  "read tcp 10.0.0.2:35314->10.0.0.2:6443: read: connection reset by peer",
  '{"ts":1591652480.7,"level":"error","msg":"write tcp 10.0.0.6:1->10.0.0.2:6443: write: broken pipe"}',
  "2026-06-08T21:41:20.732Z error unexpected EOF",
  'Get "https://api:6443": dial tcp: lookup api: no such host',
];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const maxBytes = 1_500;
export const words = [...LINES, ...LINES.join(" ").split(/(?=[ ":,])/)].map((text) => encoder.encode(text));
export const seeds = [...LINES, LINES.join("\n")].map((text) => encoder.encode(text));

export function fuzz(data) {
  const explainer = createExplainer({ referenceMs: 1_780_000_000_000 });
  explainer.startFile("a.log");
  for (const line of decoder.decode(data).split("\n")) {
    explainer.push(line);
    const parsed = parseKlogLine(line);
    if (parsed === null) continue;
    const time = klogTime(parsed, { nearMs: 1_780_000_000_000, zonesMinutes: [0, 60] });
    if (time !== null && Number.isNaN(Date.parse(time.iso))) throw new Error(`no time: ${time.iso}`);
  }
  JSON.stringify(explainer.finish());
}
