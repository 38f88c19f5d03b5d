// What `@drainprobe/core/testing` offers, under the names our own tests have for it.
export { NANOS_PER_MS as MS } from "../src/events/index.js";
export { foldTrace as foldAll } from "../src/testing/fold-trace.js";
export { closing, fin, rst, TRACE_HEADER as HEADER, Trace } from "../src/testing/trace.js";
