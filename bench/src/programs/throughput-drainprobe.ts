import { readFileSync, rmSync } from "node:fs";
import { createProbe, type ProbeEvent, type ProbeOptions } from "@drainprobe/core";
import { startRun } from "../harness/inner.js";
import { Meter } from "../harness/meter.js";
import type { Sample } from "../harness/sample.js";

export interface ThroughputParams {
  readonly url: string;
  readonly caFile: string;
  readonly sessions: number;
  readonly streams: number;
  /** More than can be done: then every stream is always taken. */
  readonly ratePerSecond: number;
  readonly ops: number;
  /** `witness`: sockets, engine and recorder. `fold`: and the fold. `whole`: and the log on disk. */
  readonly parts: "witness" | "fold" | "whole";
  readonly log: string;
}

/** The held lane. Sessions are open and warm before anything counts. */
export async function measure(params: ThroughputParams): Promise<Sample> {
  const { sessions, streams, ratePerSecond } = params;
  const options: ProbeOptions = {
    paths: [{ name: "bench", url: params.url, ca: readFileSync(params.caFile) }],
    lanes: { held: { sessions, streams, ratePerSecond } },
    ...(params.parts === "whole" ? { log: params.log, overwriteLog: true } : {}),
  };
  let meter: Meter | null = null;
  let started: () => void = () => {};
  const warm = new Promise<void>((resolve) => {
    started = resolve;
  });
  let seen = 0;
  const before = Math.ceil(params.ops / 4);
  const onEvent = (event: ProbeEvent): void => {
    if (event.kind === "h2.stream.ended") {
      seen += 1;
      if (seen === before) {
        meter = new Meter(params.ops);
        started();
      } else meter?.count(true);
    } else if (event.kind === "h2.rst_stream.received" || event.kind === "request.expired") meter?.count(false);
  };
  const stop = await (params.parts === "witness" ? startRun(options, onEvent) : startProbe(options, onEvent));
  await warm;
  await (meter as Meter | null)?.finished;
  await stop();
  rmSync(params.log, { force: true });
  return (meter as unknown as Meter).sample;
}

async function startProbe(options: ProbeOptions, onEvent: (event: ProbeEvent) => void): Promise<() => Promise<void>> {
  const probe = await createProbe({
    ...options,
    sinks: [
      {
        write: (record) => {
          if (record.kind !== "run.header" && record.kind !== "run.footer") onEvent(record);
        },
        appendVerdict: () => {},
      },
    ],
  });
  return async () => {
    await probe.stop();
  };
}
