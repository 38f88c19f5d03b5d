import { timeOfEpochMicros, type WrittenTime, writtenTime } from "./line-time.js";

/** One line of a log: when it was written, and what it says. */
export interface LoggedLine {
  readonly time: WrittenTime;
  readonly message: string;
}

// Every expression is anchored and has no repetition inside a repetition: reading takes time in proportion to the line's length.
const KLOG = /^[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) +\d+ [^\s\]]+:\d+\] ?/;
const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?(?=$|[\s\]|,])/;
const SYSLOG = /^(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? /;
/** What stands between a time and the message: a container runtime's stream, or a host and a unit. */
const CRI = /^(?:stdout|stderr) [FP] /;
const UNIT = /^[^\s:[\]{}"]{1,255} [^\s:[\]{}"]{1,255}(?:\[\d{1,10}\])?: /;
const LEVEL =
  /^(?:\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|PANIC|trace|debug|info|warn|warning|error|fatal|panic)\]?:?)[ \t]+/;
const EPOCH = /^(\d{10})(?:\.(\d{1,9}))?[ \t]+/;
const LOGFMT_TIME = /^(?:time|ts|timestamp)="?(?=\d)/;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** How deep a log may lie in the lines of another: klog in a container's log in a journal. */
const MAX_DEPTH = 3;

/** `null` for a line that is no log: prose, a heading, a stack trace. Of nested logs the innermost time counts. */
export function readLogLine(line: string): LoggedLine | null {
  return readNested(line.endsWith("\r") ? line.slice(0, -1) : line, MAX_DEPTH);
}

function readNested(line: string, depth: number): LoggedLine | null {
  const outer = readOnce(line);
  if (outer === null || depth === 0) return outer;
  const inner = readNested(outer.message.trimStart(), depth - 1);
  if (inner === null) return outer;
  // An outer year and zone complete an inner time that lacks them and lies within a day of it.
  return { message: inner.message, time: completed(inner.time, outer.time) };
}

function completed(inner: WrittenTime, outer: WrittenTime): WrittenTime {
  if (inner.year !== null || outer.year === null) return inner;
  const sameDay = inner.month === outer.month && inner.day === outer.day;
  return sameDay ? { ...inner, year: outer.year } : inner;
}

function readOnce(line: string): LoggedLine | null {
  const first = line.charCodeAt(0);
  if (first === 0x7b) return readJson(line);
  return readKlog(line) ?? readIso(line) ?? readSyslog(line) ?? readEpoch(line) ?? readLogfmt(line);
}

function readKlog(line: string): LoggedLine | null {
  const match = KLOG.exec(line);
  if (match === null) return null;
  const [head, month, day, hours, minutes, seconds, micros] = match;
  const time = writtenTime(null, Number(month), Number(day), microsOf(hours, minutes, seconds, micros), null);
  return time === null ? null : { time, message: line.slice(head.length) };
}

function readIso(line: string): LoggedLine | null {
  const match = ISO.exec(line);
  if (match === null) return null;
  const time = isoTime(match);
  if (time === null) return null;
  const rest = line.slice(match[0].length).replace(/^[\s\]|,]{1,8}/, "");
  return { time, message: behindPrefix(rest) };
}

function isoTime([, year, month, day, hours, minutes, seconds, fraction, zone]: RegExpExecArray): WrittenTime | null {
  const micros = microsOf(hours, minutes, seconds, (fraction ?? "").padEnd(6, "0").slice(0, 6));
  return writtenTime(Number(year), Number(month), Number(day), micros, zoneOf(zone));
}

function zoneOf(zone: string | undefined): number | null {
  if (zone === undefined) return null;
  if (zone === "Z" || zone === "UTC") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("-") ? -minutes : minutes;
}

function behindPrefix(rest: string): string {
  const cri = CRI.exec(rest);
  if (cri !== null) return rest.slice(cri[0].length);
  const unit = UNIT.exec(rest);
  if (unit !== null) return rest.slice(unit[0].length);
  const level = LEVEL.exec(rest);
  return level === null ? rest : rest.slice(level[0].length);
}

function readSyslog(line: string): LoggedLine | null {
  const match = SYSLOG.exec(line);
  if (match === null) return null;
  const [head, month = "", day, hours, minutes, seconds, fraction] = match;
  const micros = microsOf(hours, minutes, seconds, (fraction ?? "").padEnd(6, "0").slice(0, 6));
  const time = writtenTime(null, MONTHS.indexOf(month) + 1, Number(day), micros, null);
  return time === null ? null : { time, message: behindPrefix(line.slice(head.length)) };
}

/** Seconds since 1970, as zap writes them to a console. */
function readEpoch(line: string): LoggedLine | null {
  const match = EPOCH.exec(line);
  if (match === null) return null;
  const time = timeOfEpochMicros(Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6)));
  return time === null ? null : { time, message: behindPrefix(line.slice(match[0].length)) };
}

function readLogfmt(line: string): LoggedLine | null {
  const match = LOGFMT_TIME.exec(line);
  if (match === null) return null;
  const iso = ISO.exec(line.slice(match[0].length).replace(/^([^"\s]{1,40})["\s]/, "$1 "));
  const time = iso === null ? null : isoTime(iso);
  return time === null ? null : { time, message: line };
}

const TIME_KEYS = ["ts", "time", "timestamp", "@timestamp", "requestReceivedTimestamp"] as const;
const MESSAGE_KEYS = ["msg", "message", "MESSAGE", "log"] as const;

/** klog's and zap's JSON, `journalctl -o json`, a container runtime's `{"log": …}`. */
function readJson(line: string): LoggedLine | null {
  if (!line.trimEnd().endsWith("}")) return null;
  const value = parsed(line);
  if (value === null) return null;
  const time = jsonTime(value);
  if (time === null) return null;
  const key = MESSAGE_KEYS.find((name) => typeof value[name] === "string");
  if (key === undefined) return null;
  const message = String(value[key]).replace(/\n$/, "");
  // Structured fields are put behind the message as klog's text does, so that one reader serves both.
  const fields = Object.entries(value)
    .filter(([name, field]) => name !== key && isPlain(field) && !TIME_KEYS.some((known) => known === name))
    .map(([name, field]) => ` ${name}=${typeof field === "string" ? JSON.stringify(field) : String(field)}`);
  return { time, message: key === "log" || key === "MESSAGE" ? message : `${message}${fields.join("")}` };
}

function jsonTime(value: Readonly<Record<string, unknown>>): WrittenTime | null {
  const journal = value.__REALTIME_TIMESTAMP;
  if (typeof journal === "string" && /^\d{16}$/.test(journal)) return timeOfEpochMicros(Number(journal));
  for (const name of TIME_KEYS) {
    const told = value[name];
    if (typeof told === "number" && Number.isFinite(told)) {
      // klog writes milliseconds, zap seconds.
      return timeOfEpochMicros(Math.round(told > 1e11 ? told * 1e3 : told * 1e6));
    }
    if (typeof told === "string") {
      const iso = ISO.exec(told);
      if (iso !== null) return isoTime(iso);
    }
  }
  return null;
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

function microsOf(hours = "", minutes = "", seconds = "", micros = ""): number {
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  if (h > 23 || m > 59 || s > 60) return Number.POSITIVE_INFINITY;
  return ((h * 60 + m) * 60 + s) * 1_000_000 + Number(micros);
}
