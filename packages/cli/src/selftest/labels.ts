import type { ConnectionVerdict, RequestVerdict, Verdict } from "@drainprobe/core";
import type { ExpectedConnection, ExpectedRequest } from "@drainprobe/testbed";

/** What of a verdict the confusion matrix compares, as its row or column: `tcp.reset / reset`, `request http.error`. */
export type Label = string;

export const NOTHING_SEEN: Label = "(nothing seen)";
export const NOTHING_EXPECTED: Label = "(nothing expected)";

export function connectionLabel({
  type,
  close,
}: {
  readonly type: string | null;
  readonly close: string | null;
}): Label {
  return `${type ?? "no failure"} / ${close ?? "never open"}`;
}

export function requestLabel({ scope, type, processed }: Pick<ExpectedRequest, "scope" | "type" | "processed">): Label {
  return `${scope} ${type} (${processed})`;
}

export function isConnection(verdict: Verdict): verdict is ConnectionVerdict {
  return !("request" in verdict);
}

export function isRequest(verdict: Verdict): verdict is RequestVerdict {
  return "request" in verdict;
}

/** A connection that ended as connections do when nothing happens, or was being opened when the run ended. */
export function isUneventful({
  type,
  close,
}: {
  readonly type: string | null;
  readonly close: string | null;
}): boolean {
  return type === null && (close === null || close === "alive" || close === "local");
}

export function matchesConnection(expected: ExpectedConnection, seen: ConnectionVerdict): boolean {
  return (
    expected.lane === seen.lane &&
    expected.close === seen.close &&
    expected.type === seen.type &&
    (expected.closeNotify === undefined || expected.closeNotify === seen.closeNotify) &&
    (expected.goaways === undefined || matchesGoaways(expected.goaways, seen.goaways))
  );
}

function matchesGoaways(
  expected: NonNullable<ExpectedConnection["goaways"]>,
  seen: ConnectionVerdict["goaways"],
): boolean {
  return (
    expected.length === seen.length &&
    expected.every(({ lastStreamId, errorCode, debug }, index) => {
      const goaway = seen[index];
      return (
        goaway !== undefined &&
        goaway.errorCode === errorCode &&
        (lastStreamId === undefined || goaway.lastStreamId === lastStreamId) &&
        (debug === undefined || goaway.debug === debug)
      );
    })
  );
}

export function matchesRequest(expected: ExpectedRequest, seen: RequestVerdict): boolean {
  return (
    expected.scope === seen.scope &&
    expected.type === seen.type &&
    expected.processed === seen.processed &&
    (expected.status === undefined || expected.status === seen.status)
  );
}
