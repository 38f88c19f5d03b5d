// Opens a trace with the engine of Chromium's DevTools, as their Performance panel does, and prints what it made of it as JSON.
import { readFileSync } from "node:fs";
import * as Trace from "@paulirish/trace_engine";

const { traceEvents, ...metadata } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const model = Trace.TraceModel.Model.createWithAllHandlers();
await model.parse(traceEvents, { metadata });
const trace = model.parsedTrace();
if (trace === null) throw new Error("the engine made nothing of it");
const { Meta, Renderer } = trace.data;
const spans = Trace.Helpers.Trace.createMatchedSortedSyntheticEvents(
  traceEvents.filter(({ ph }) => ph === "b" || ph === "e"),
);
const bars = [...Renderer.processes].flatMap(([pid, { threads }]) =>
  [...threads].flatMap(([tid, { entries }]) =>
    entries.map(({ name, ts, dur }) => ({
      process: Meta.processNames.get(pid)?.args.name ?? null,
      tid,
      name,
      ts,
      dur,
    })),
  ),
);
console.log(
  JSON.stringify({
    generic: Meta.traceIsGeneric,
    bounds: Meta.traceBounds,
    bars,
    spans: spans.map(({ name, ts, dur }) => ({ name, ts, dur })),
  }),
);
