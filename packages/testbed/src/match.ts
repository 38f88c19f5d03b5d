import type { Expected, ExpectedConnection, ExpectedRequest, Range } from "./scenario.js";

/** A connection verdict as far as {@link mismatches} looks at it. */
export interface SeenConnection {
  readonly lane: string;
  readonly close: string | null;
  readonly type: string | null;
  readonly closeNotify: boolean | null;
  readonly goaways: readonly { readonly lastStreamId: number; readonly errorCode: number; readonly debug: string }[];
}

/** A request verdict as far as {@link mismatches} looks at it. */
export interface SeenRequest {
  readonly scope: string;
  readonly type: string;
  readonly processed: string;
  readonly status: number | null;
}

/** What a probe reported of a scenario. */
export interface Seen {
  readonly connections: readonly SeenConnection[];
  readonly requests: readonly SeenRequest[];
  /** Requests that succeeded. */
  readonly ok: number;
}

const ONCE: Range = { min: 1, max: 1 };

/** Compares what was seen with what a scenario expects; each difference in words, none when all is as it must be. */
export function mismatches(expected: Expected, seen: Seen, engine: "wire" | "node" = "wire"): string[] {
  const note = engine === "node" ? expected.nodeEngine : undefined;
  const connections = note?.connections ?? expected.connections;
  const requests = note?.requests ?? expected.requests;
  const minOk = note?.minOk ?? expected.minOk ?? 1;
  return [
    ...compare(
      "connection",
      connections,
      seen.connections,
      connectionMatches,
      connectionMayBeUnlisted,
      describeConnection,
    ),
    ...compare("request", requests, seen.requests, requestMatches, (r) => r.type === "abandoned", describeRequest),
    ...(seen.ok < minOk ? [`requests ok: expected at least ${minOk}, saw ${seen.ok}`] : []),
  ];
}

function compare<E extends { readonly count?: Range }, S>(
  what: string,
  expected: readonly E[],
  seen: readonly S[],
  matches: (expected: E, seen: S) => boolean,
  mayBeUnlisted: (seen: S) => boolean,
  describe: (entry: E | S) => string,
): string[] {
  const counts = new Map<E, number>(expected.map((e) => [e, 0]));
  const problems: string[] = [];
  for (const s of seen) {
    const e = expected.find((candidate) => matches(candidate, s));
    if (e !== undefined) counts.set(e, (counts.get(e) ?? 0) + 1);
    else if (!mayBeUnlisted(s)) problems.push(`${what} not expected: ${describe(s)}`);
  }
  for (const [e, count] of counts) {
    const range = e.count ?? ONCE;
    if (count >= range.min && count <= range.max) continue;
    const wanted = range.min === range.max ? `${range.min}` : `${range.min} to ${range.max}`;
    problems.push(`${what}: expected ${wanted} of ${describe(e)}, saw ${count}`);
  }
  return problems;
}

function connectionMatches(e: ExpectedConnection, s: SeenConnection): boolean {
  if (e.lane !== s.lane || e.close !== s.close || e.type !== s.type) return false;
  if (e.closeNotify !== undefined && e.closeNotify !== s.closeNotify) return false;
  if (e.goaways === undefined) return true;
  return (
    e.goaways.length === s.goaways.length &&
    e.goaways.every((g, i) => {
      const got = s.goaways[i];
      return (
        got !== undefined &&
        g.errorCode === got.errorCode &&
        (g.lastStreamId === undefined || g.lastStreamId === got.lastStreamId) &&
        (g.debug === undefined || g.debug === got.debug)
      );
    })
  );
}

function connectionMayBeUnlisted(s: SeenConnection): boolean {
  return s.type === null && (s.close === null || s.close === "alive" || s.close === "local");
}

function requestMatches(e: ExpectedRequest, s: SeenRequest): boolean {
  return (
    e.scope === s.scope &&
    e.type === s.type &&
    e.processed === s.processed &&
    (e.status === undefined || e.status === s.status)
  );
}

function describeConnection(c: ExpectedConnection | SeenConnection): string {
  const goaways = c.goaways?.map(
    (g) => `GOAWAY(last ${g.lastStreamId ?? "any"}, code ${g.errorCode}, "${g.debug ?? ""}")`,
  );
  return [
    c.lane,
    `close ${c.close}`,
    `type ${c.type}`,
    `closeNotify ${c.closeNotify ?? null}`,
    ...(goaways ?? []),
  ].join(", ");
}

function describeRequest(r: ExpectedRequest | SeenRequest): string {
  return `${r.scope}, ${r.type}, processed ${r.processed}, status ${r.status ?? null}`;
}
