import { readFileSync } from "node:fs";
import type { ProbeEvent } from "@drainprobe/core";
import { startRun } from "../harness/inner.js";
import type { Sample } from "../harness/sample.js";
import { hold, type ScaleParams } from "../scale/hold.js";

/** Idle sessions of the probe, PING included; then all die at once, and it says when the last one was recorded. */
export async function measure(params: ScaleParams): Promise<Sample> {
  const paths = Math.ceil(params.sessions / PER_PATH);
  let ready = 0;
  let dead = 0;
  let firstDeathMs = 0;
  let lastDeathMs = 0;
  const rtts: number[] = [];
  let tell: () => void = () => {};
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      tell = resolve;
    });
  const onEvent = (event: ProbeEvent): void => {
    switch (event.kind) {
      case "session.ready":
        ready += 1;
        if (ready === params.sessions) tell();
        return;
      case "h2.ping.acknowledged":
        rtts.push(event.rttNs);
        return;
      case "tcp.fin.received":
      case "tcp.rst.received":
        if (event.kind === "tcp.rst.received" && event.afterFin) return;
        dead += 1;
        if (dead === 1) firstDeathMs = performance.now();
        lastDeathMs = performance.now();
        if (dead === params.sessions) tell();
        return;
      default:
        return;
    }
  };
  return hold(params, {
    async open() {
      const all = changed();
      const stop = await startRun(
        {
          // An address of its own for each few thousand: a pair of addresses has 28 000 ports.
          paths: Array.from({ length: paths }, (_, index) => ({
            name: `p${index}`,
            url: params.url,
            connectTo: `127.0.0.${index + 1}:${new URL(params.url).port}`,
            ca: readFileSync(params.caFile),
          })),
          lanes: { idle: { sessions: Math.ceil(params.sessions / paths) } },
          connectTimeoutMs: 60_000,
          pingTimeoutMs: 30_000,
          pingIntervalMs: 1_000,
        },
        onEvent,
      );
      await all;
      return stop;
    },
    async died() {
      if (dead < params.sessions) await changed();
      return { recorded: dead, spanMs: lastDeathMs - firstDeathMs };
    },
    rtts: () => rtts.splice(0),
  });
}

const PER_PATH = 2_500;
