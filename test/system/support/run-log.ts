import { readFileSync } from "node:fs";
import type {
  ConnectionVerdict,
  EventKind,
  EventOf,
  ProbeEvent,
  RequestVerdict,
  RunFooter,
  RunHeader,
} from "@drainprobe/core";

/** A log file, taken apart. */
export interface RunLog {
  readonly header: RunHeader;
  readonly events: readonly ProbeEvent[];
  readonly footer: RunFooter;
  readonly connections: readonly ConnectionVerdict[];
  readonly requests: readonly RequestVerdict[];
  /** All events of one connection, in order. */
  readonly eventsOf: (conn: number) => readonly ProbeEvent[];
}

type Line = RunHeader | ProbeEvent | RunFooter | ConnectionVerdict | RequestVerdict;

/** Reads a log with this test's own few lines, so that the project's reader is not its own judge. */
export function readRunLog(file: string): RunLog {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  let header: RunHeader | null = null;
  let footer: RunFooter | null = null;
  const events: ProbeEvent[] = [];
  const connections: ConnectionVerdict[] = [];
  const requests: RequestVerdict[] = [];
  const byConnection = new Map<number, ProbeEvent[]>();
  for (const text of lines) {
    const line = JSON.parse(text) as Line;
    if (line.kind === "run.header") header = line;
    else if (line.kind === "run.footer") footer = line;
    else if (line.kind === "verdict") {
      // A request that was lost with its connection has the scope `connection` as well.
      if ("request" in line) requests.push(line);
      else connections.push(line);
    } else {
      events.push(line);
      if ("conn" in line && line.conn !== null) {
        const list = byConnection.get(line.conn);
        if (list === undefined) byConnection.set(line.conn, [line]);
        else list.push(line);
      }
    }
  }
  if (header === null || footer === null) throw new Error(`${file} has no header or no footer`);
  return { header, events, footer, connections, requests, eventsOf: (conn) => byConnection.get(conn) ?? [] };
}

/** The first event of a kind, or `null`. */
export function firstOf<K extends EventKind>(events: readonly ProbeEvent[], kind: K): EventOf<K> | null {
  return (events.find((event) => event.kind === kind) as EventOf<K> | undefined) ?? null;
}

/** Every event of a kind. */
export function allOf<K extends EventKind>(events: readonly ProbeEvent[], kind: K): readonly EventOf<K>[] {
  return events.filter((event): event is EventOf<K> & ProbeEvent => event.kind === kind);
}
