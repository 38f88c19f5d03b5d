import type { ConnectionVerdict, Incident, RequestVerdict, Verdict } from "../classify/verdict-types.js";
import type { LogRecord } from "../events/index.js";
import type { FoldOptions } from "../verdict/contract.js";
import { createFold } from "../verdict/fold.js";
import type { Summary } from "../verdict/summary-types.js";
import { TRACE_HEADER, Trace } from "./trace.js";

/** All that a fold gave, in its order. */
export interface Folded {
  readonly verdicts: readonly Verdict[];
  readonly connections: readonly ConnectionVerdict[];
  readonly requests: readonly RequestVerdict[];
  readonly incidents: readonly Incident[];
  readonly summary: Summary;
}

/** Judges a trace, or the records of any log. A trace gets a header and a footer. */
export function foldTrace(log: Trace | readonly LogRecord[], options: FoldOptions = {}): Folded {
  const verdicts: Verdict[] = [];
  const incidents: Incident[] = [];
  const fold = createFold({
    ...options,
    onVerdict: (verdict) => verdicts.push(verdict),
    onIncident: (incident) => incidents.push(incident),
  });
  for (const record of log instanceof Trace ? [TRACE_HEADER, ...log.events, log.footer()] : log) fold.push(record);
  const summary = fold.finish();
  return {
    verdicts,
    connections: verdicts.filter((verdict): verdict is ConnectionVerdict => !isRequest(verdict)),
    requests: verdicts.filter(isRequest),
    incidents,
    summary,
  };
}

function isRequest(verdict: Verdict): verdict is RequestVerdict {
  return "request" in verdict;
}
