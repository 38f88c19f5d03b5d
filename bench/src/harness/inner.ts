import type { ProbeEvent, ProbeOptions } from "@drainprobe/core";

interface RunModule {
  readonly Run: new (
    options: unknown,
  ) => {
    readonly recorder: { subscribe(listener: (event: ProbeEvent) => void): void };
    start(): void;
    stop(reason: string): Promise<number>;
  };
}

const CORE = new URL("../../../packages/probe-core/dist/", import.meta.url);

/** Runs the lanes with nobody listening but `onEvent`: witness, engine and recorder alone. Resolves with what stops it. */
export async function startRun(
  options: ProbeOptions,
  onEvent: (event: ProbeEvent) => void,
): Promise<() => Promise<void>> {
  const { Run } = (await import(new URL("run.js", CORE).href)) as RunModule;
  const { resolveOptions } = (await import(new URL("options/resolve-options.js", CORE).href)) as {
    resolveOptions: (options: ProbeOptions) => unknown;
  };
  const run = new Run(resolveOptions(options));
  run.recorder.subscribe(onEvent);
  run.start();
  return async () => {
    await run.stop("run.ended");
  };
}

interface ClockModule {
  readonly SystemClock: new () => {
    now(): number;
    anchor(t: number): { readonly wall: string; readonly errorNs: number };
  };
}

/** The probe's clock, so that what others see is dated by the same means. */
export async function systemClock(): Promise<InstanceType<ClockModule["SystemClock"]>> {
  const { SystemClock } = (await import(new URL("clock/system-clock.js", CORE).href)) as ClockModule;
  return new SystemClock();
}
