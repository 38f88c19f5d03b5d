import { type Goal, isMet, type Section } from "./bench.js";
import type { Raced } from "./race.js";
import { cpuPerOpUs, opsPerSecond } from "./sample.js";
import { type Spread, spreadOf } from "./stats.js";
import { short, table } from "./table.js";

/** One contender's line of a result, as it is printed and kept. */
export interface Row {
  readonly name: string;
  readonly note: string;
  readonly version: string;
  readonly repetitions: number;
  readonly cpuUs: Spread;
  readonly userUs: Spread;
  readonly systemUs: Spread;
  readonly perSecond: Spread;
  readonly failed: number;
}

export function rowsOf(raced: readonly Raced[]): Row[] {
  return raced.map(({ contender, samples }) => ({
    name: contender.name,
    note: contender.note,
    version: contender.version,
    repetitions: samples.length,
    cpuUs: spreadOf(samples.map(cpuPerOpUs)),
    userUs: spreadOf(samples.map(({ userMs, ops }) => (userMs * 1000) / ops)),
    systemUs: spreadOf(samples.map(({ systemMs, ops }) => (systemMs * 1000) / ops)),
    perSecond: spreadOf(samples.map(opsPerSecond)),
    failed: samples.reduce((sum, { failed }) => sum + failed, 0),
  }));
}

/** Ratios of CPU to each of the rivals named, from the samples of the same round: what disturbed one disturbed both. */
export function ratio(raced: readonly Raced[], ours: string, rival: string): Spread | null {
  const samplesOf = (name: string) => raced.find(({ contender }) => contender.name === name)?.samples ?? [];
  const [a, b] = [samplesOf(ours), samplesOf(rival)];
  if (a.length === 0 || a.length !== b.length) return null;
  return spreadOf(a.map((sample, round) => cpuPerOpUs(sample) / cpuPerOpUs(b[round] as (typeof b)[number])));
}

export function rowLines(rows: readonly Row[], operation: string): string[] {
  const head = ["", `CPU/${operation} µs`, "spread", "user", "system", `${operation}/s`, "spread", "failed", "of"];
  return table([
    head,
    ...rows.map(({ name, repetitions, cpuUs, userUs, systemUs, perSecond, failed }) => [
      name,
      short(cpuUs.median),
      `${short(cpuUs.min)}–${short(cpuUs.max)}`,
      short(userUs.median),
      short(systemUs.median),
      short(perSecond.median),
      `${short(perSecond.min)}–${short(perSecond.max)}`,
      String(failed),
      String(repetitions),
    ]),
  ]);
}

/** A section as text: the table, what must be known about it, and its goals. */
export function sectionLines({ title, facts, rows, table: free, operation = "op", goals }: Section): string[] {
  return [
    title,
    ...(rows === undefined ? [] : rowLines(rows, operation)),
    ...(free === undefined ? [] : table(free)),
    ...(rows ?? []).map(({ name, version, note }) => `  ${name} (${version}): ${note}`),
    ...facts.map((fact) => `  ${fact}`),
    ...goals.map(goalLine),
  ];
}

function goalLine(goal: Goal): string {
  const { what, atMost, atLeast, measured } = goal;
  const bound = atMost === undefined ? `at least ${short(atLeast ?? 0)}` : `at most ${short(atMost)}`;
  const met = isMet(goal);
  const seen =
    measured === null ? "not measured" : `${short(measured.median)} (${short(measured.min)}–${short(measured.max)})`;
  return `  ${met === null ? "?     " : met ? "met   " : "MISSED"} ${what}: ${bound}; ${seen}`;
}
