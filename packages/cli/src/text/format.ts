import type { Nanos } from "@drainprobe/core";

const MS = 1e6;
const SECOND = 1e9;
const MINUTE = 60 * SECOND;

/** `412 µs`, `12.3 ms`, `1.23 s`, `2m05s`, `1h02m05s`: three digits that mean something. */
export function formatDuration(ns: Nanos): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < MS) return `${digits(ns / 1e3)} µs`;
  if (size < SECOND) return `${digits(ns / MS)} ms`;
  if (size < MINUTE) return `${digits(ns / SECOND)} s`;
  const seconds = Math.round(ns / SECOND);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}m${String(seconds % 60).padStart(2, "0")}s`;
  return hours > 0 ? `${hours}h${tail}` : tail;
}

function digits(value: number): string {
  const size = Math.abs(value);
  // 999.96 must not become 1000.0
  return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Clock-like and without a jumping width: `00:07`, `12:30`, `1:02:05`. */
export function formatClock(ns: Nanos): string {
  const seconds = Math.max(0, Math.floor(ns / SECOND));
  const hours = Math.floor(seconds / 3600);
  const rest = `${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** `t 5.388 s`: where on the run's own clock, to the millisecond. */
export function formatT(t: Nanos): string {
  return `t ${(t / SECOND).toFixed(3)} s`;
}

/** Wall time of `t`, in UTC, to the millisecond (rounded down); `null` where the epoch is unknown or unreadable. */
export function formatWall(epochWall: string | null, t: Nanos): string | null {
  if (epochWall === null) return null;
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(epochWall);
  if (match === null) return null;
  const whole = Date.parse(`${match[1]}Z`);
  const fractionNs = Number((match[2] ?? "").padEnd(9, "0"));
  const date = new Date(whole + Math.floor((fractionNs + t) / MS));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** `1 incident`, `12 incidents`; give `plural` where it is not an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `1,234,567`: groups of three, so that long runs stay readable. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
