import type { OpenConnection } from "../attribute/open-connection.js";
import type { ProbeEvent, Stamp } from "../events/index.js";
import { connectionRuleFor, FIN_WITH_RST, GOAWAY_RULES } from "./connection-rules.js";
import { type Evidence, evidenceOf } from "./evidence.js";
import type { Close, ConnectionVerdict, VerdictType } from "./verdict-types.js";

/** The first terminal fact of a connection, and the rule that names it. */
export interface ConnectionEnd {
  readonly rule: string;
  readonly close: Close | null;
  readonly type: VerdictType | null;
  readonly at: Stamp;
  /** The other half of a fact that shows in two events. */
  readonly companion: Stamp | null;
}

/** Where the log ends before the connection does. */
export function stillOpen(conn: OpenConnection): ConnectionEnd {
  return { rule: "log.ended", close: "alive", type: null, at: conn.last, companion: null };
}

/** The end that an event brings; `null` where it brings none. */
export function endBy(event: ProbeEvent, conn: OpenConnection): ConnectionEnd | null {
  const rule = connectionRuleFor(event, conn);
  if (rule === undefined) return null;
  const at = rule.name === "close-notify.only" && conn.closeNotify !== null ? conn.closeNotify : event;
  return { rule: rule.name, close: rule.close, type: rule.type, at, companion: null };
}

/** The same end, seen more fully by an event of the same instant; `null` where the event adds nothing. */
export function refinedBy(event: ProbeEvent, end: ConnectionEnd): ConnectionEnd | null {
  if (event.kind !== FIN_WITH_RST.on || end.rule !== FIN_WITH_RST.refines) return null;
  if (!FIN_WITH_RST.when(event, end.at.t)) return null;
  return { ...end, rule: FIN_WITH_RST.name, type: FIN_WITH_RST.type, companion: event };
}

/** Was the end the observation's and not the connection's? Then an attempt that had not worked yet has not failed either. */
export function endedByRun(end: ConnectionEnd): boolean {
  return end.rule === "log.ended" || end.rule === "closed.run.ended" || end.rule === "closed.aborted";
}

/** A connection's verdict, with what its casualties have to cite. */
export interface JudgedConnection {
  readonly verdict: ConnectionVerdict;
  readonly worstU: number;
  /** The events that decide it; they decide its casualties too. */
  readonly deciding: Evidence;
}

/** How a connection ended and what failed, by its end and all that was seen before. */
interface Judgement {
  readonly close: Close | null;
  readonly type: VerdictType | null;
  /** The GOAWAY that names the failure. */
  readonly error: OpenConnection["goawayError"];
}

function judge(conn: OpenConnection, end: ConnectionEnd): Judgement {
  let { close, type } = end;
  if (conn.connected === null && (close === "local" || close === "alive")) close = null;
  if (conn.bindingGoaway === null) return { close, type, error: null };
  const rule = GOAWAY_RULES.find((candidate) => candidate.when({ close, unfinished: conn.streams.size }));
  if (rule !== undefined) {
    close = rule.close;
    if (rule.type !== "keep") type = rule.type;
  }
  const error = goawayErrorOf(conn, end);
  return { close, type: error === null ? type : "h2.goaway", error };
}

/** Would the connection have failed, if nothing more of it were seen? */
export function fails(conn: OpenConnection, end: ConnectionEnd): boolean {
  return judge(conn, end).type !== null;
}

/** Judges a connection whose end is final. */
export function judgeConnection(conn: OpenConnection, end: ConnectionEnd): JudgedConnection {
  const { close, type, error } = judge(conn, end);
  const closeNotify = closeNotifyOf(conn, end);
  const evidence = evidenceOf([
    conn.connected,
    closeNotify === null ? null : conn.secured,
    conn.truncated,
    ...conn.goaways,
    closeNotify === true ? conn.closeNotify : null,
    end.at,
    end.companion,
    error,
  ]);
  const ours = end.close === "local" || end.close === "alive";
  return {
    worstU: evidence.worstU,
    deciding: evidenceOf([end.at, end.companion, error]),
    verdict: {
      kind: "verdict",
      scope: "connection",
      conn: conn.id,
      path: conn.path,
      lane: conn.lane,
      local: conn.local,
      remote: conn.remote,
      close,
      type,
      closeNotify,
      goaways: conn.goaways.map(({ lastStreamId, errorCode, debug }) => ({ lastStreamId, errorCode, debug })),
      requestsInFlight: conn.streams.size + (ours ? conn.abandoned : 0),
      t: end.at.t,
      u: end.at.u,
      evidence: evidence.seqs,
    },
  };
}

/**
 * The GOAWAY whose error code names the failure. It came before the end, or the end is the peer's doing: then it was sent
 * before that end, in whatever order we read them. Silence, broken HTTP/2 and broken TLS keep their own names.
 */
function goawayErrorOf(conn: OpenConnection, end: ConnectionEnd): OpenConnection["goawayError"] {
  const error = conn.goawayError;
  if (error === null) return null;
  const oursAndWorking = (end.close === "local" || end.close === "alive") && end.type === null;
  return isPeerMade(end) || (oursAndWorking && error.seq <= end.at.seq) ? error : null;
}

/** A goodbye after we had begun to close only answers ours, and says nothing of how the peer would have ended it. */
function closeNotifyOf(conn: OpenConnection, end: ConnectionEnd): boolean | null {
  const peerMade = isPeerMade(end);
  if (conn.closeNotify !== null && (peerMade || conn.closeNotify.seq <= end.at.seq)) return true;
  return peerMade && conn.secured !== null ? false : null;
}

/** FIN, RST, or a failure that shows one of them. */
function isPeerMade({ close }: ConnectionEnd): boolean {
  return close === "abrupt" || close === "reset";
}
