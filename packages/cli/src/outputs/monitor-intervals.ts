import type { Incident, PhaseSpan } from "@drainprobe/core";
import { formatWall } from "../text/format.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { unverifiedWords } from "../text/unverified.js";
import { describeEnd, describeProcessed, describeType } from "../text/words.js";
import { logName, type ReportedLog } from "./reported-log.js";

/** One interval as openshift/origin's monitors write them. Its times have whole seconds; finer ones are in the annotations. */
interface MonitorInterval {
  readonly level: "Info" | "Warning" | "Error";
  readonly display: boolean;
  readonly source: string;
  readonly locator: { readonly type: string; readonly keys: Readonly<Record<string, string>> };
  readonly message: {
    readonly reason: string;
    readonly cause: string;
    readonly humanMessage: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly from: string;
  readonly to: string;
}

/**
 * Incidents, failures of requests and phases of rollouts as monitor intervals. Logs without a wall clock are left out: their
 * intervals would have no time. Intervals have at least a second, because readers drop those without a length.
 */
export function monitorIntervals(logs: readonly ReportedLog[]): string {
  const items = logs.flatMap(intervalsOf).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  return `${jsonText({ items }, 2)}\n`;
}

function intervalsOf(log: ReportedLog): MonitorInterval[] {
  const epoch = log.header?.reference.wall ?? null;
  if (epoch === null) return [];
  return [...unverified(log, epoch), ...incidents(log, epoch), ...requestFailures(log, epoch), ...phases(log, epoch)];
}

/** Of the whole run: what it says may be of another server. */
function unverified(log: ReportedLog, epoch: string): MonitorInterval[] {
  const words = unverifiedWords(log.summary);
  if (words === null) return [];
  const { durationNs } = log.summary.coverage;
  const reason = "CertificatesNotVerified";
  return [
    {
      level: "Warning",
      display: true,
      source: "Disruption",
      locator: { type: "Node", keys: { node: printable(logName(log)) } },
      message: {
        reason,
        cause: "",
        humanMessage: words,
        annotations: { reason, ...exact(epoch, 0, durationNs) },
      },
      ...whole(epoch, 0, durationNs),
    },
  ];
}

function incidents(log: ReportedLog, epoch: string): MonitorInterval[] {
  const { incidents: all, coverage } = log.summary;
  return all.map((incident) => ({
    level: "Error",
    display: true,
    source: "Disruption",
    locator: disruption(log, incident.path, incident.close === null ? "new" : connectionType(incident)),
    message: {
      reason: "DisruptionBegan",
      cause: printable(incident.type),
      humanMessage: `${describeEnd(incident.type, incident.close)}; ${incident.requestsFailed} requests lost, ${incident.unsafeToRetry} unsafe to retry`,
      annotations: {
        reason: "DisruptionBegan",
        cause: printable(incident.type),
        close: incident.close ?? "none",
        lane: printable(incident.lane),
        "drainprobe-connection": String(incident.conn),
        local: incident.local ?? "unknown",
        remote: incident.remote ?? "unknown",
        evidence: incident.evidence.slice(0, 32).join(","),
        ...exact(epoch, incident.t, end(incident, coverage.durationNs)),
        "uncertainty-ms": ms(incident.u),
      },
    },
    ...whole(epoch, incident.t, end(incident, coverage.durationNs)),
  }));
}

/** Until the path worked again; to the end of the run where it never did. */
function end({ t, recoveredAfterNs }: Incident, durationNs: number): number {
  return recoveredAfterNs === null ? Math.max(t, durationNs) : t + recoveredAfterNs;
}

function connectionType({ lane }: Incident): "new" | "reused" {
  return lane.startsWith("fresh.") ? "new" : "reused";
}

function requestFailures(log: ReportedLog, epoch: string): MonitorInterval[] {
  return log.requestFailures
    .groups()
    .map(({ type, status, method, url, path, lane, processed, first, last, count }) => ({
      level: "Warning",
      display: true,
      source: "Disruption",
      locator: disruption(log, path, "reused"),
      message: {
        reason: "DisruptionBegan",
        cause: printable(type),
        humanMessage: `${count}x ${printable(method)} ${printable(url)}: ${describeType(type)}, ${describeProcessed(processed)}`,
        annotations: {
          reason: "DisruptionBegan",
          cause: printable(type),
          lane: printable(lane),
          count: String(count),
          ...(status === null ? {} : { status: String(status) }),
          ...exact(epoch, first.t, last),
          "uncertainty-ms": ms(first.u),
        },
      },
      ...whole(epoch, first.t, last),
    }));
}

function disruption(log: ReportedLog, path: string, connection: "new" | "reused"): MonitorInterval["locator"] {
  const name = `drainprobe-${printable(path)}-${connection}-connections`;
  return {
    type: "Disruption",
    keys: { "backend-disruption-name": name, connection, disruption: name, node: printable(logName(log)) },
  };
}

function phases(log: ReportedLog, epoch: string): MonitorInterval[] {
  const { rollout, coverage } = log.summary;
  return (rollout?.rollouts ?? []).flatMap(({ backend, phases: spans }) =>
    spans.flatMap((span) => phase(backend, span, epoch, coverage.durationNs)),
  );
}

function phase(
  backend: string,
  { phase: name, from, to }: PhaseSpan,
  epoch: string,
  durationNs: number,
): MonitorInterval[] {
  if (from === null || name === "serving" || name === "ready") return [];
  const until = to ?? Math.max(from.t, durationNs);
  const graceful = name !== "down";
  return [
    {
      level: "Info",
      display: true,
      source: "APIServerShutdown",
      locator: { type: "APIServer", keys: { server: "kube-apiserver", node: printable(backend) } },
      message: {
        reason: graceful ? "GracefulAPIServerShutdown" : "APIServerDown",
        cause: name,
        humanMessage: `${printable(backend)} is ${name}`,
        annotations: {
          reason: graceful ? "GracefulAPIServerShutdown" : "APIServerDown",
          cause: name,
          phase: name,
          ...exact(epoch, from.t, until),
          "uncertainty-ms": ms(from.errorNs),
        },
      },
      ...whole(epoch, from.t, until),
    },
  ];
}

function exact(
  epoch: string,
  from: number,
  to: number,
): { "from-exact": string; "to-exact": string; "duration-ms": string } {
  return {
    "from-exact": formatWall(epoch, from) ?? "",
    "to-exact": formatWall(epoch, to) ?? "",
    "duration-ms": ms(to - from),
  };
}

function ms(ns: number): string {
  return (ns / 1e6).toFixed(3);
}

function whole(epoch: string, from: number, to: number): { from: string; to: string } {
  const first = Math.floor(Date.parse(formatWall(epoch, from) ?? "") / 1_000);
  const last = Math.max(first + 1, Math.ceil(Date.parse(formatWall(epoch, to) ?? "") / 1_000));
  const iso = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
  return { from: iso(first), to: iso(last) };
}
