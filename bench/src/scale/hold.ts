import { setTimeout as wait } from "node:timers/promises";
import type { Sample } from "../harness/sample.js";
import { percentile } from "../harness/stats.js";

export interface ScaleParams {
  readonly url: string;
  readonly caFile: string;
  readonly sessions: number;
  /** CPU and memory are looked at for this long. */
  readonly holdMs: number;
  /** The server, to be killed at the end: all sessions then die at once. */
  readonly serverPid: number;
}

export interface Holder {
  /** Opens all sessions and resolves with what closes them. */
  open(): Promise<() => Promise<void>>;
  /** After the server's death: resolves when every session's end was seen. */
  died(): Promise<{ readonly recorded: number; readonly spanMs: number }>;
  /** PING round trips in ns since the last call. */
  rtts(): number[];
}

/** Opens sessions, holds them, kills the server and waits until every death was seen. */
export async function hold(params: ScaleParams, holder: Holder): Promise<Sample> {
  const before = memory();
  const close = await holder.open();
  await wait(1_500);
  const bytes = memory() - before;
  holder.rtts();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await wait(params.holdMs);
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  const rtts = holder.rtts();
  process.kill(params.serverPid, "SIGKILL");
  const killedMs = performance.now();
  const { recorded, spanMs } = await Promise.race([holder.died(), wait(20_000, { recorded: 0, spanMs: Number.NaN })]);
  const recordedMs = performance.now() - killedMs;
  await close();
  return {
    ops: params.sessions,
    failed: params.sessions - recorded,
    wallMs,
    userMs: user / 1000,
    systemMs: system / 1000,
    extra: {
      kbPerSession: bytes / 1024 / params.sessions,
      cpuPerSessionSecondUs: (user + system) / params.sessions / (wallMs / 1000),
      pingP50Us: percentile(rtts, 0.5) / 1000,
      pingP99Us: percentile(rtts, 0.99) / 1000,
      recordedMs,
      deathSpanMs: spanMs,
    },
  };
}

/** Resident memory after a collection. */
function memory(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}
