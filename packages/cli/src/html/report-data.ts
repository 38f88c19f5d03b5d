import type { Incident, ProbeEvent, RunHeader, Summary } from "@drainprobe/core";
import { byHarm, type Merged, type MergedNode, type NodeView, type TimeBins } from "@drainprobe/core/merge";
import { incidentCount } from "../report/incident-count.js";
import { describeIncident } from "../report/incidents.js";
import { lossSentence, verdictSentence } from "../report/verdict-line.js";
import { formatCount, formatDuration, formatWall, plural } from "../text/format.js";
import { printable, printableCut } from "../text/printable.js";
import { describeEnd } from "../text/words.js";
import { VERSION } from "../version.js";
import { headline } from "./headline.js";
import { judged } from "./judged.js";
import type { LifelineRecorder } from "./lifelines.js";
import type { ConnData, EventData, IncidentData, MatchData, NodeData, ReportData } from "./page/data.js";

/** One log, as the page needs it. */
export interface HtmlLog {
  readonly file: string;
  readonly header: RunHeader | null;
  readonly summary: Summary;
  readonly view: NodeView;
  readonly lifelines: LifelineRecorder;
}

type Axis = NonNullable<MergedNode["axis"]>;
const WORST = { pass: 0, inconclusive: 1, fail: 2 } as const;

/** Puts everything on the report's axis, in ms. */
export function reportData(logs: readonly HtmlLog[], merged: Merged, matches: readonly MatchData[]): ReportData {
  // A log that cannot be put beside the others is shown from its own start.
  const axes = logs.map((_, index): Axis => merged.nodes[index]?.axis ?? ((t) => ({ at: t, errorNs: 0 })));
  const nodes = logs.map((log, index) => nodeData(log, axes[index] as Axis, merged.nodes[index], logs.length > 1));
  const placed = logs.flatMap((log, node) =>
    log.summary.incidents.map((incident, index) => ({ incident, node, index, axis: axes[node] as Axis, log })),
  );
  placed.sort((a, b) => byHarm(a.incident, b.incident));
  const indexOf = new Map(placed.map(({ node, index }, at) => [`${node}/${index}`, at]));
  return {
    schema: "drainprobe.html/1",
    version: VERSION,
    base: merged.base,
    from: Math.min(...nodes.map(({ from }) => from)),
    to: Math.max(...nodes.map(({ to }) => to)),
    verdict: logs.map(({ summary }) => summary.verdict).reduce((a, b) => (WORST[b] > WORST[a] ? b : a)),
    headline: headline(logs.map(({ summary }) => summary)),
    nodes,
    incidents: placed.map(({ incident, node, axis, log }) => incidentData(incident, node, axis, log.summary)),
    shared: merged.shared.map(({ span, nodes: names, members }) => ({
      from: ms(span.from),
      to: ms(span.to),
      nodes: names.map(printable),
      incidents: members.flatMap(({ log, incident }) => indexOf.get(`${log}/${incident}`) ?? []),
    })),
    episodes: merged.episodes.map(({ span, cells, who, where, reason }) => ({
      from: ms(span.from),
      to: ms(span.to),
      who,
      where: where === null ? null : printable(where),
      reason: printable(reason),
      cells: cells.map(({ node, path, state, ok, failed }) => ({
        node: printable(node),
        path: printable(path),
        state,
        ok,
        failed,
      })),
    })),
    skewMs: logs.length > 1 ? ms(merged.clockSkewNs) : null,
    matches,
    leftOut: leftOutWords(logs, merged),
  };
}

function nodeData(log: HtmlLog, axis: Axis, place: MergedNode | undefined, several: boolean): NodeData {
  const { header, summary, view, lifelines } = log;
  const at = (t: number): number => ms(axis(t).at);
  const laneIndex = new Map(view.activity.map(({ path, lane }, index) => [`${path}\n${lane}`, index]));
  const laneOf = (path: string, lane: string): number => laneIndex.get(`${path}\n${lane}`) ?? 0;
  const roles = new Map(view.paths.map(({ path, role }) => [path, role]));
  return {
    node: printable(view.node === "?" ? log.file : view.node),
    file: printable(log.file),
    verdict: summary.verdict,
    // Of several nodes the objectives are told above, once.
    sentence: several ? lossSentence(summary) : verdictSentence(summary),
    about: about(header, summary),
    judged: judged(summary),
    warnings: place?.leftOut == null ? [] : [`not put beside the other logs: ${place.leftOut}`],
    from: at(0),
    to: at(view.until),
    wallErrorMs: ms(place?.wallErrorNs ?? 0),
    lanes: view.activity.map(({ path, lane, ok, failed }) => ({
      path: printable(path),
      lane: printable(lane),
      role: roles.get(path) ?? "balanced",
      ...sameWidth(ok, failed),
    })),
    conns: lifelines.lifelines.map(
      (line): ConnData => ({
        id: line.conn,
        lane: laneOf(line.path, line.lane),
        slot: line.slot,
        from: at(line.from),
        up: line.up === null ? null : at(line.up),
        to: line.to === null ? null : at(line.to),
        close: line.close,
        type: line.type === null ? null : printable(line.type),
        ends: printable(line.ends),
        backend: line.backend === null ? null : printableCut(line.backend, 40),
        marks: line.marks.map(({ mark, t, u, seq }) => [mark, at(t), ms(u), seq]),
      }),
    ),
    casualties: lifelines.casualties.map(({ verdict, sentAt }) => ({
      at: at(verdict.t),
      sent: sentAt === null ? null : at(sentAt),
      uMs: ms(verdict.u),
      conn: verdict.conn,
      lane: laneOf(verdict.path, verdict.lane),
      type: printable(verdict.type),
      scope: verdict.scope,
      processed: verdict.processed,
      unsafe: verdict.processed === "maybe" && !/^(GET|HEAD|OPTIONS)$/.test(verdict.method),
      what: printableCut(`${verdict.method} ${verdict.url}`, 160),
      request: verdict.request,
      evidence: verdict.evidence.slice(0, 12),
    })),
    errors: [...lifelines.errors].map(([type, bins]) => ({
      type: printable(type),
      binMs: ms(bins.widthNs),
      counts: bins.counts(),
    })),
    backends: (summary.rollout?.rollouts ?? []).map(({ backend, phases }) => ({
      backend: printableCut(backend, 40),
      phases: phases.map(({ phase, from, to }) => ({
        phase,
        from: from === null ? at(0) : at(from.t),
        to: to === null ? at(view.until) : at(to),
        errorMs: ms(from?.errorNs ?? 0),
      })),
    })),
    markers: lifelines.markers.map(({ t, u, backend, marker, source }) => ({
      at: at(t),
      uMs: ms(u),
      backend: printableCut(backend, 40),
      marker: printable(marker),
      source: printable(source),
    })),
    stalls: lifelines.stalls.map(({ t, durationNs }) => [at(t - durationNs), at(t)] as const),
    events: Object.fromEntries([...lifelines.evidence.events].map(([seq, event]) => [seq, eventData(event, at)])),
  };
}

/** Both series in bins of the wider width: fewer numbers, and they can be drawn together. */
function sameWidth(ok: TimeBins, failed: TimeBins): { binMs: number; ok: number[]; failed: number[] } {
  const width = Math.max(ok.widthNs, failed.widthNs);
  return { binMs: ms(width), ok: widened(ok, width), failed: widened(failed, width) };
}

function widened(bins: TimeBins, width: number): number[] {
  const factor = width / bins.widthNs;
  const counts: number[] = [];
  for (const [index, count] of bins.counts().entries()) {
    const at = Math.floor(index / factor);
    counts[at] = (counts[at] ?? 0) + count;
  }
  return counts;
}

function incidentData(incident: Incident, node: number, axis: Axis, { rollout }: Summary): IncidentData {
  const { path, lane, type, close, requestsFailed, unsafeToRetry, t, u, evidence, conn } = incident;
  const place = rollout?.incidents.find((placed) => placed.conn === conn);
  const words = describeIncident(incident);
  return {
    node,
    conn,
    path: printable(path),
    lane: printable(lane),
    type: printable(type),
    close,
    title: describeEnd(type, close),
    ...words,
    phase:
      place?.phase == null ? null : `${place.phase}${place.backend === null ? "" : `, ${printable(place.backend)}`}`,
    failed: requestsFailed,
    unsafe: unsafeToRetry,
    at: ms(axis(t).at),
    uMs: ms(u),
    evidence: evidence.slice(0, 200),
  };
}

function eventData(event: ProbeEvent, at: (t: number) => number): EventData {
  const { kind, seq: _, t, u, ...fields } = event;
  const text = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`);
  return [at(t), ms(u), printable(kind), printableCut(text.join(" "), 400)];
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function about(header: RunHeader | null, summary: Summary): string {
  if (header === null) return "no header: times are on the run's own clock";
  const targets = new Map(header.lanes.map(({ path, url }) => [path, URL.canParse(url) ? new URL(url).origin : url]));
  const paths = [...targets].map(([path, url]) => `${printable(path)} ${printable(url)}`).join(", ");
  const start = formatWall(header.reference.wall, 0) ?? "an unknown time";
  return `${paths}; from ${start}, for ${formatDuration(summary.coverage.durationNs)}`;
}

function leftOutWords(logs: readonly HtmlLog[], merged: Merged): string[] {
  return [
    ...logs.flatMap(({ file, summary, lifelines: { dropped, evidence } }) => {
      const of = logs.length > 1 ? ` of ${printable(file)}` : "";
      const incidents = incidentCount(summary) - summary.incidents.length;
      const all: readonly (readonly [number, string])[] = [
        [incidents, `later incidents${of} are counted, not listed`],
        [dropped.failures, `failed connections${of} are drawn in the bins of their lane only`],
        [dropped.connections, `connections that went well${of} are drawn in the bins of their lane only`],
        [dropped.casualties, `lost requests${of} are drawn in the bins of their lane only`],
        [dropped.markers, `markers${of} are not drawn`],
        [dropped.stalls, `stalls${of} are not drawn`],
        [evidence.dropped, `events of evidence${of} are in the log only`],
      ];
      return all.filter(([count]) => count > 0).map(([count, words]) => `${formatCount(count)} ${words}`);
    }),
    ...(merged.droppedEpisodes > 0
      ? [
          `${plural(merged.droppedEpisodes, "later stretch", "later stretches")} with failures are not in the truth table`,
        ]
      : []),
  ];
}

/** ns to ms, to the µs. */
function ms(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}
