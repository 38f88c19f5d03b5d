import { rmSync } from "node:fs";
import { openJsonlSink, type ProbeEvent } from "@drainprobe/core";
import type { Sample } from "../harness/sample.js";

export interface LogParams {
  readonly file: string;
  readonly events: number;
  /** `false`: the same work without the sink, for the delay that is there anyway. */
  readonly write: boolean;
}

const BATCH = 200;

/** Writes events in batches, a turn of the loop between them, and watches how long turns take meanwhile. */
export async function measure({ file, events, write }: LogParams): Promise<Sample> {
  const sink = write ? await openJsonlSink(file, { overwrite: true }) : null;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let longestMs = 0;
  for (let seq = 0; seq < events; ) {
    const turnMs = performance.now();
    for (let n = 0; n < BATCH && seq < events; n += 1) {
      seq += 1;
      const event = eventOf(seq);
      sink?.write(event);
    }
    longestMs = Math.max(longestMs, performance.now() - turnMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const dropped = (await sink?.close())?.droppedEvents ?? 0;
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  rmSync(file, { force: true });
  return {
    ops: events,
    failed: dropped,
    wallMs,
    userMs: user / 1000,
    systemMs: system / 1000,
    extra: { longestTurnMs: longestMs },
  };
}

/** As often as in a run: of four events, one is a request, one its headers, one its content, one its end. */
function eventOf(seq: number): ProbeEvent {
  const stamp = { seq, t: seq * 1000, u: 500_000 };
  const request = seq >> 2;
  const on = { conn: 1 + (request % 4), stream: 1 + 2 * request, request };
  switch (seq & 3) {
    case 0:
      return {
        ...stamp,
        kind: "request.sent",
        ...on,
        path: "vip",
        lane: "held",
        method: "GET",
        url: "https://127.0.0.1:6443/version",
        intended: seq * 1000,
      };
    case 1:
      return {
        ...stamp,
        kind: "h2.headers.received",
        ...on,
        status: 200,
        endStream: false,
        contentLength: 6,
        retryAfter: null,
      };
    case 2:
      return { ...stamp, kind: "h2.data.received", ...on };
    default:
      return { ...stamp, kind: "h2.stream.ended", ...on, bytes: 6 };
  }
}
