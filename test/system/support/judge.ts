import type { ConnectionVerdict, ProbeEvent } from "@drainprobe/core";
import type { EndSegment, PacketStory } from "../../../bench/src/packets/packet-story.js";
import { firstOf, type RunLog } from "./run-log.js";
import { type WallMoment, wallClockOf } from "./wall-clock.js";

/** One verdict beside its packets. */
export interface Judgement {
  readonly verdict: ConnectionVerdict;
  readonly story: PacketStory | null;
  /** Why they contradict each other; `null` where they agree. */
  readonly disagreement: string | null;
  /** `true` where the peer's end was there before we began to close and not yet seen: right within the event's `u` only. */
  readonly crossed: boolean;
}

/** How an event's time stands to the packet that caused it. */
export interface TimeSample {
  readonly kind: "tcp.connect.complete" | "tcp.connect.failed" | "tcp.fin.received" | "tcp.rst.received";
  readonly conn: number;
  /** Event minus packet. */
  readonly lateNs: number;
  readonly u: number;
  readonly errorNs: number;
}

export interface Judged {
  readonly judgements: readonly Judgement[];
  readonly disagreements: readonly string[];
  readonly times: readonly TimeSample[];
}

/** Compares every connection verdict of a log with the packets, and every connection on the wire with the log. */
export function judge(log: RunLog, stories: readonly PacketStory[]): Judged {
  const wallAt = wallClockOf(log);
  const { pairs, unclaimed } = pair(log, stories, wallAt);
  const judgements = log.connections.map((verdict): Judgement => {
    const story = pairs.get(verdict.conn) ?? null;
    if (story === null) {
      return { verdict, story, disagreement: "no packets of it on the wire", crossed: false };
    }
    const { disagreement, crossed } = compare(verdict, log.eventsOf(verdict.conn), story, wallAt);
    return { verdict, story, disagreement, crossed };
  });
  const disagreements = judgements
    .filter((judgement) => judgement.disagreement !== null)
    .map((judgement) => describe(judgement, log.eventsOf(judgement.verdict.conn)));
  for (const story of unclaimed) {
    disagreements.push(`${story.client} is on the wire (${tell(story)}) and has no verdict`);
  }
  const times = judgements.flatMap(({ verdict, story }) =>
    story === null ? [] : timesOf(log.eventsOf(verdict.conn), story, wallAt),
  );
  return { judgements, disagreements, times };
}

type WallAt = (t: number) => WallMoment;

/** By the client's `ip:port` where the log has it, and by the order of the attempts where connect(2) failed. */
function pair(
  log: RunLog,
  stories: readonly PacketStory[],
  wallAt: WallAt,
): { pairs: Map<number, PacketStory>; unclaimed: PacketStory[] } {
  const pairs = new Map<number, PacketStory>();
  const unclaimed = new Set(stories);
  const nameless: ConnectionVerdict[] = [];
  for (const verdict of log.connections) {
    if (verdict.local === null) {
      if (firstOf(log.eventsOf(verdict.conn), "tcp.connect.started") !== null) nameless.push(verdict);
      continue;
    }
    const connected = firstOf(log.eventsOf(verdict.conn), "tcp.connect.complete");
    const story = newest(
      stories.filter((candidate) => candidate.client === verdict.local && unclaimed.has(candidate)),
      connected === null ? null : latest(wallAt(connected.t)),
    );
    if (story === null) continue;
    pairs.set(verdict.conn, story);
    unclaimed.delete(story);
  }
  const startOf = (verdict: ConnectionVerdict): number =>
    firstOf(log.eventsOf(verdict.conn), "tcp.connect.started")?.t ?? 0;
  nameless.sort((a, b) => startOf(a) - startOf(b));
  for (const verdict of nameless) {
    const begun = wallAt(startOf(verdict));
    const story = [...unclaimed].find((candidate) => candidate.synAt >= begun.ns - begun.errorNs);
    if (story === undefined) continue;
    pairs.set(verdict.conn, story);
    unclaimed.delete(story);
  }
  return { pairs, unclaimed: [...unclaimed] };
}

/** A client's port may come again: the last connection begun before its connect was seen to be complete. */
function newest(stories: readonly PacketStory[], before: bigint | null): PacketStory | null {
  return stories.filter((story) => before === null || story.synAt <= before).at(-1) ?? null;
}

function compare(
  verdict: ConnectionVerdict,
  events: readonly ProbeEvent[],
  story: PacketStory,
  wallAt: WallAt,
): { disagreement: string | null; crossed: boolean } {
  const first = story.ends[0] ?? null;
  const wrong = (text: string): { disagreement: string; crossed: boolean } => ({ disagreement: text, crossed: false });
  const right = { disagreement: null, crossed: false };
  switch (verdict.close) {
    case null:
      return compareUnestablished(verdict, story);
    case "alive":
    case "local":
    case "silent": {
      if (first === null) return verdict.close === "silent" ? right : wrong("nobody ended it on the wire");
      if (first.from === "client") return right;
      const closing = firstOf(events, "tcp.close.started");
      if (closing === null) return wrong("the server ended it and the log has no end of ours");
      const moment = wallAt(closing.t);
      // Our close begins with GOAWAY and close_notify, and a server may answer those with its FIN before ours is out.
      if (first.wallNs >= moment.ns - moment.errorNs) return right;
      const unseen = first.wallNs >= moment.ns - BigInt(closing.u) - moment.errorNs;
      return unseen ? { disagreement: null, crossed: true } : wrong("the server ended it first");
    }
    case "graceful":
    case "broken-promise":
    case "abrupt":
    case "reset": {
      if (first === null) return wrong("nobody ended it on the wire");
      if (first.from === "client") return wrong("the client ended it first");
      return endedAs(verdict, events, story, first) ?? saidGoodbye(verdict, events, story) ?? right;
    }
  }
}

/** FIN or RST: by the close, by the type where it names one, and by the events. */
function endedAs(
  verdict: ConnectionVerdict,
  events: readonly ProbeEvent[],
  story: PacketStory,
  first: EndSegment,
): { disagreement: string; crossed: boolean } | null {
  const claims: [string, "FIN" | "RST"][] = [];
  if (verdict.close === "abrupt") claims.push(["close abrupt", "FIN"]);
  if (verdict.close === "reset") claims.push(["close reset", "RST"]);
  if (verdict.type === "tcp.closed") claims.push(["type tcp.closed", "FIN"]);
  if (verdict.type === "tcp.broken_pipe") claims.push(["type tcp.broken_pipe", "FIN"]);
  if (verdict.type === "tcp.reset") claims.push(["type tcp.reset", "RST"]);
  const end = events.find((event) => event.kind === "tcp.fin.received" || event.kind === "tcp.rst.received");
  if (end !== undefined) claims.push([end.kind, end.kind === "tcp.fin.received" ? "FIN" : "RST"]);
  if (claims.length === 0) return { disagreement: "the log names no end by the peer", crossed: false };
  for (const [claim, flag] of claims) {
    if (flag !== first.flag) return { disagreement: `${claim}, and the wire has ${first.flag}`, crossed: false };
  }
  if (verdict.type === "tcp.broken_pipe" && !story.ends.some((seen) => seen.from === "server" && seen.flag === "RST")) {
    return { disagreement: "type tcp.broken_pipe without a RST on the wire", crossed: false };
  }
  return null;
}

/**
 * A record with an alert, and nothing else, is as long as this, AES-GCM's or ChaCha's tag included: 5 + 2 + 1 + 16 in TLS 1.3,
 * 5 + 8 + 2 + 16 in TLS 1.2 with AES-GCM. No record with an HTTP/2 frame is as short.
 */
const ALERT_RECORD_BYTES = { "TLSv1.3": 24, "TLSv1.2": 31 } as const;

/** The servers here send close_notify on its own: their last segment with content is just that alert. */
function saidGoodbye(
  verdict: ConnectionVerdict,
  events: readonly ProbeEvent[],
  story: PacketStory,
): { disagreement: string; crossed: boolean } | null {
  const protocol = firstOf(events, "tls.handshake.complete")?.protocol;
  if (verdict.closeNotify === null || (protocol !== "TLSv1.3" && protocol !== "TLSv1.2")) return null;
  const onTheWire = story.lastBytesFromServer === ALERT_RECORD_BYTES[protocol];
  if (onTheWire === verdict.closeNotify) return null;
  return {
    disagreement: `closeNotify ${verdict.closeNotify}, and the server's last segment has ${story.lastBytesFromServer} bytes`,
    crossed: false,
  };
}

function compareUnestablished(
  verdict: ConnectionVerdict,
  story: PacketStory,
): { disagreement: string | null; crossed: boolean } {
  const first = story.ends[0] ?? null;
  if (verdict.type === "tcp.refused") {
    const refused = story.synAckAt === null && first?.from === "server" && first.flag === "RST";
    return { disagreement: refused ? null : "tcp.refused without RST to the SYN", crossed: false };
  }
  if (verdict.type === "tcp.timed_out") {
    return { disagreement: story.synAckAt === null ? null : "tcp.timed_out after SYN-ACK", crossed: false };
  }
  if (verdict.type === "tcp.reset") {
    const reset = first?.from === "server" && first.flag === "RST";
    return { disagreement: reset ? null : "tcp.reset without RST from the server", crossed: false };
  }
  return { disagreement: null, crossed: false };
}

function timesOf(events: readonly ProbeEvent[], story: PacketStory, wallAt: WallAt): TimeSample[] {
  const samples: TimeSample[] = [];
  const add = (kind: TimeSample["kind"], packetNs: bigint | null | undefined, accept = true): void => {
    const event = firstOf(events, kind);
    if (event === null || packetNs === null || packetNs === undefined || !accept) return;
    const moment = wallAt(event.t);
    const lateNs = Number(moment.ns - packetNs);
    samples.push({ kind, conn: event.conn, lateNs, u: event.u, errorNs: Number(moment.errorNs) });
  };
  const fromServer = (flag: "FIN" | "RST"): bigint | undefined =>
    story.ends.find((end) => end.from === "server" && end.flag === flag)?.wallNs;
  add("tcp.connect.complete", story.synAckAt);
  add("tcp.connect.failed", fromServer("RST"));
  add("tcp.fin.received", fromServer("FIN"));
  // After a FIN, an RST is seen when something is written or not at all: its time says nothing.
  add("tcp.rst.received", fromServer("RST"), firstOf(events, "tcp.rst.received")?.afterFin === false);
  return samples;
}

function latest(moment: WallMoment): bigint {
  return moment.ns + moment.errorNs;
}

function tell(story: PacketStory): string {
  const ends = story.ends.map((end) => `${end.flag} from ${end.from}`).join(", then ");
  return `${story.synAckAt === null ? "SYN, " : ""}${ends === "" ? "no end" : ends}`;
}

function describe(judgement: Judgement, events: readonly ProbeEvent[]): string {
  const { verdict, story, disagreement } = judgement;
  const kinds = events.slice(-6).map((event) => event.kind);
  return (
    `connection ${verdict.conn} (${verdict.lane}, ${verdict.local ?? "no address"}) ` +
    `close ${verdict.close} type ${verdict.type}: ${disagreement}; ` +
    `wire: ${story === null ? "nothing" : tell(story)}; log: … ${kinds.join(", ")}`
  );
}
