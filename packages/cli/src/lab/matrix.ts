import type { LabScenario, LabSetup } from "@drainprobe/testbed";
import { REMEDIES } from "@drainprobe/testbed";
import type { Palette } from "../text/colour.js";
import { table } from "../text/layout.js";
import type { LabRun, SeenKind } from "./run-result.js";

/** One scenario with one remedy. */
export interface MatrixRow {
  readonly scenario: string;
  /** `none`: as it was; `all`: the fixed twin. */
  readonly remedy: string;
  readonly setting: string;
  /** Is nothing left but what every client is told how to take? */
  readonly mended: boolean;
  readonly failures: readonly Failure[];
  readonly run: LabRun;
}

interface Failure {
  readonly scope: string;
  readonly type: string;
  readonly count: number;
}

/** What to play. */
export interface MatrixCase {
  readonly scenario: LabScenario;
  readonly remedy: string;
  readonly setting: string;
  readonly setup: LabSetup;
  readonly fixed: boolean;
}

/** A scenario as it is, with each remedy that would change something, and with all it takes. */
export function matrixCases(scenario: LabScenario, base: LabSetup, fixed: LabSetup | null): readonly MatrixCase[] {
  const as = (remedy: string, setting: string, setup: LabSetup, isFixed = false): MatrixCase => ({
    scenario,
    remedy,
    setting,
    setup,
    fixed: isFixed,
  });
  return [
    as("none", "as it is", base),
    ...REMEDIES.flatMap(({ name, setting, apply }) => {
      const setup = apply(base);
      return setup === null ? [] : [as(name, setting, setup)];
    }),
    ...(fixed === null ? [] : [as("all", scenario.remedy, fixed, true)]),
  ];
}

/** Requests that crossed a GOAWAY, and answers that say "later", are taken by every client. */
const HARMLESS = ({ type, scope, close }: SeenKind): boolean =>
  type === null ||
  (scope === "request" && type === "http.retry_after") ||
  (type === "h2.goaway" && close !== "broken-promise");

export function rowOf({ scenario, remedy, setting }: MatrixCase, run: LabRun): MatrixRow {
  const counts = new Map<string, Failure>();
  for (const kind of run.seen) {
    if (HARMLESS(kind)) continue;
    const { scope, type, count } = kind;
    const before = counts.get(`${scope} ${type}`)?.count ?? 0;
    counts.set(`${scope} ${type}`, { scope, type: type ?? "", count: before + count });
  }
  const failures = [...counts.values()].sort((a, b) => b.count - a.count);
  return { scenario: scenario.name, remedy, setting, mended: failures.length === 0, failures, run };
}

/** The whole table as Markdown, as docs/solution.md has it. */
export function matrixText(rows: readonly MatrixRow[], palette: Palette): string {
  const names = [...new Set(rows.map(({ scenario }) => scenario))];
  return names
    .map((name) => {
      const own = rows.filter(({ scenario }) => scenario === name);
      const head = ["remedy", "left over", "requests lost", "reads+writes", "unsafe", "no new conn.", "rollout"];
      return [palette.bold(name), ...table([head, ...own.map(cells)], "llrrrrr", 2), ""].join("\n");
    })
    .join("\n");
}

export function cells({ remedy, failures, run }: MatrixRow): string[] {
  const { lost, newConnectionGapMs, rolloutMs } = run;
  return [
    remedy,
    failures.length === 0
      ? "nothing"
      : failures.map(({ scope, type, count }) => `${count} ${scope === "request" ? "answers " : ""}${type}`).join(", "),
    String(lost.all),
    String(lost.processed),
    String(lost.unsafe),
    `${(newConnectionGapMs / 1_000).toFixed(2)} s`,
    `${(rolloutMs / 1_000).toFixed(1)} s`,
  ];
}
