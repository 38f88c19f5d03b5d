import type { ProbeEvent } from "./event.js";
import { EVENT_FIELDS, type FieldType } from "./event-fields.js";
import { LOG_FORMAT, type LogRecord, type RunFooter, type RunHeader } from "./log-record.js";

/** What one line of a log turned out to be. */
export type LogLine =
  | { readonly is: "record"; readonly record: LogRecord }
  /** A verdict that was given when the log was written. It is checked no further. */
  | { readonly is: "verdict" }
  /** So many records never reached the log, by its own account. */
  | { readonly is: "dropped"; readonly events: number }
  /** A header of a format this version does not read. */
  | { readonly is: "newer"; readonly format: number }
  | { readonly is: "corrupt"; readonly why: string };

/** Reads one line of a log, without its line feed. Never throws. Fields that this version does not know are kept. */
export function parseLogLine(line: string): LogLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return corrupt("not JSON");
  }
  if (!isObject(value)) return corrupt("not an object");
  if (line.length > TEXT_CHARS && !isOfTexts(value, 0)) return corrupt(`a text of more than ${TEXT_CHARS} characters`);
  switch (value.kind) {
    case "verdict":
      return { is: "verdict" };
    case "run.header":
      return parseHeader(value);
    case "run.footer":
      return parseFooter(value);
    case "log.dropped":
      return isCount(value.events) ? { is: "dropped", events: value.events } : corrupt("log.dropped without events");
    default:
      return parseEvent(value);
  }
}

/** Longest text in a record that is read: what this program writes is far below it. */
const TEXT_CHARS = 16_384;
const DEEPEST = 32;

/** Whether no text in it is too long, keys included, and it is not nested beyond sense. */
function isOfTexts(value: unknown, depth: number): boolean {
  if (typeof value === "string") return value.length <= TEXT_CHARS;
  if (typeof value !== "object" || value === null) return true;
  if (depth > DEEPEST) return false;
  return Object.entries(value).every(([key, each]) => key.length <= TEXT_CHARS && isOfTexts(each, depth + 1));
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of each kind, ready to be walked through: every line of a log is held against them. */
const FIELDS: ReadonlyMap<string, readonly { readonly name: string; readonly type: FieldType }[]> = new Map(
  Object.entries(EVENT_FIELDS).map(([kind, fields]) => [
    kind,
    Object.entries<FieldType>(fields).map(([name, type]) => ({ name, type })),
  ]),
);

/** An event of a kind that this version does not know is a record as well: who folds it counts it. */
function parseEvent(value: Fields): LogLine {
  const { kind, seq, t, u } = value;
  if (typeof kind !== "string") return corrupt("no kind");
  if (!isCount(seq) || !isCount(t) || !isCount(u)) return corrupt(`${printable(kind)} without seq, t or u`);
  const fields = FIELDS.get(kind);
  if (fields !== undefined) {
    for (const field of fields) {
      if (!isOfType(value[field.name], field.type)) return corrupt(`${kind}: ${field.name} is not ${field.type}`);
    }
  }
  return { is: "record", record: value as unknown as ProbeEvent };
}

function parseHeader(value: Fields): LogLine {
  const { format } = value;
  if (!isCount(format) || format < 1) return corrupt("run.header without format");
  if (format > LOG_FORMAT) return { is: "newer", format };
  const lanes = Array.isArray(value.lanes) ? value.lanes : [];
  const lanesFit = lanes.every(
    (lane) => isObject(lane) && [lane.path, lane.lane, lane.url].every((text) => typeof text === "string"),
  );
  if (!Array.isArray(value.lanes) || !lanesFit) return corrupt("run.header: lanes");
  const { reference, run, node, config, versions, addresses } = value;
  if (!isObject(reference) || typeof reference.wall !== "string" || typeof reference.monotonicEpochNs !== "string") {
    return corrupt("run.header: reference");
  }
  if (typeof run !== "string" || typeof node !== "string") return corrupt("run.header: run or node");
  if (!isObject(config) || !isOfType(addresses, "string[]")) return corrupt("run.header: config or addresses");
  if (!isObject(versions) || !Object.values(versions).every((version) => typeof version === "string")) {
    return corrupt("run.header: versions");
  }
  return { is: "record", record: value as unknown as RunHeader };
}

function parseFooter(value: Fields): LogLine {
  const fits = isCount(value.t) && isOfType(value.scheduled, "numbers") && isOfType(value.drops, "numbers");
  return fits ? { is: "record", record: value as unknown as RunFooter } : corrupt("run.footer: t, scheduled or drops");
}

function isOfType(value: unknown, type: FieldType): boolean {
  switch (type) {
    case "number":
      return isNumber(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number|null":
      return value === null || isNumber(value);
    case "string|null":
      return value === null || typeof value === "string";
    case "string[]":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "number[]?":
      return value === undefined || (Array.isArray(value) && value.every(isNumber));
    case "numbers":
      return isObject(value) && Object.values(value).every(isNumber);
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** A whole number that is not negative and exact. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(why: string): LogLine {
  return { is: "corrupt", why };
}

/** A log may come from anywhere: what we repeat of it is short and harmless on a terminal. */
function printable(text: string): string {
  return text.slice(0, 40).replace(/[^\w.-]/g, "?");
}
