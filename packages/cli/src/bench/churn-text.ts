import { formatCount, formatDuration } from "../text/format.js";
import { table } from "../text/layout.js";
import { printable } from "../text/printable.js";
import type { ChurnCounts, ChurnKind } from "./churn-meter.js";

/** What a churn of connections came to, whole. */
export interface ChurnResult {
  readonly target: string;
  readonly kind: ChurnKind;
  readonly verified: boolean;
  readonly wallNs: number;
  /** User and system time of this process. */
  readonly cpuNs: number;
  readonly counts: ChurnCounts;
  readonly asked: number;
  readonly interrupted: boolean;
}

const SHARES = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["max", 1],
] as const;

/** The value under which that share of the sorted values lies (nearest rank); `null` of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function churnText(result: ChurnResult): string {
  const { counts, kind, wallNs, cpuNs, asked } = result;
  const seconds = wallNs / 1e9;
  const failed = Object.entries(counts.failures);
  const words = [
    `${formatCount(counts.worked)} of ${formatCount(counts.opened)} connections worked`,
    ...(counts.opened < asked ? [`${formatCount(asked)} were asked for`] : []),
    `${(counts.worked / seconds).toFixed(1)} a second for ${formatDuration(wallNs)}`,
  ];
  const lines = [
    `fresh.${kind} to ${printable(result.target)}: ${words.join(", ")}`,
    ...failed.map(([type, number]) => `  failed: ${type} ${formatCount(number)}`),
    ...(counts.ownFailures === 0
      ? []
      : [
          `  not opened: ${formatCount(counts.ownFailures)}, this host had no port or descriptor left; that says nothing of the target`,
        ]),
    ...(kind === "h2"
      ? [
          `  status: ${
            Object.entries(counts.statuses)
              .map(([status, number]) => `${status} ${formatCount(number)}`)
              .join(", ") || "none"
          }`,
        ]
      : []),
    "",
    ...table(
      [
        ["", ...SHARES.map(([name]) => name)],
        ...timeRows(counts, kind).map(([name, sorted]) => [
          name,
          ...SHARES.map(([, share]) => {
            const value = quantile(sorted, share);
            return value === null ? "–" : formatDuration(value);
          }),
        ]),
      ],
      "lrrrr",
      2,
    ),
    "",
    `  CPU of this process: ${counts.opened === 0 ? "–" : formatDuration(cpuNs / counts.opened)} a connection, witness and records included`,
    ...(counts.tls === null ? [] : [`  TLS: ${counts.tls}, no session resumed`]),
    ...(result.verified ? [] : ["  the certificate was not checked"]),
    "  we close first: close_notify and FIN",
  ];
  return `${lines.join("\n")}\n`;
}

export function churnJson(result: ChurnResult): object {
  const { counts, wallNs, cpuNs } = result;
  const times = Object.fromEntries(
    timeRows(counts, result.kind).map(([name, sorted]) => [
      name,
      Object.fromEntries(SHARES.map(([share, at]) => [`${share}Ns`, quantile(sorted, at)])),
    ]),
  );
  return {
    schema: "drainprobe.bench/1",
    bench: "churn",
    target: result.target,
    kind: result.kind,
    verified: result.verified,
    interrupted: result.interrupted,
    asked: result.asked,
    opened: counts.opened,
    worked: counts.worked,
    failures: counts.failures,
    ownFailures: counts.ownFailures,
    statuses: counts.statuses,
    wallNs,
    perSecond: counts.worked / (wallNs / 1e9),
    cpuNsPerConnection: counts.opened === 0 ? null : Math.round(cpuNs / counts.opened),
    tls: counts.tls,
    times,
  };
}

function timeRows(counts: ChurnCounts, kind: ChurnKind): [string, readonly number[]][] {
  const rows: [string, readonly number[]][] = [["connect", counts.connectNs]];
  if (kind === "tls" || kind === "h2") rows.push(["handshake", counts.handshakeNs]);
  if (kind === "hello" || kind === "h2") rows.push(["answer", counts.arrivalNs]);
  return rows;
}
