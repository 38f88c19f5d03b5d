import { LAB_PROBE, type LabMaster, type LabProbeSettings } from "@drainprobe/testbed";

/** Options of {@link probeArguments}. */
export interface ProbeArgumentsOptions {
  readonly master: LabMaster;
  readonly settings: LabProbeSettings;
  readonly speed: number;
  readonly out: string;
  /** Should nobody be there to end it. */
  readonly atMostMs: number;
}

/** Below this nothing is told apart on a busy machine, at whatever speed. */
const LEAST_MS = 100;

/** The words after `drainprobe` of the probe on one master. */
export function probeArguments({ master, settings, speed, out, atMostMs }: ProbeArgumentsOptions): readonly string[] {
  const time = (ms: number): string => `${Math.max(LEAST_MS, Math.round(ms / speed))}ms`;
  const { pingIntervalMs, pingTimeoutMs, connectTimeoutMs, requestTimeoutMs, drainTimeoutMs } = LAB_PROBE;
  return [
    "run",
    ...["--node", master.name],
    ...["--kubeconfig", master.kubeconfig],
    ...["--no-path", "peer", "--no-path", "service", "--path", `local=${master.local}`],
    ...(master.terminationLog === null ? [] : ["--termination-log", master.terminationLog]),
    ...["--workload", settings.workload, "--concurrency", String(settings.concurrency ?? 10)],
    ...["--rate", String(settings.ratePerSecond ?? 50)],
    ...["--fresh-h2", String(settings.freshPerSecond ?? 5)],
    ...(settings.idleSessions === undefined ? [] : ["--idle", String(settings.idleSessions)]),
    ...(settings.slow === true ? ["--slow", "/api/v1/configmaps"] : []),
    // PINGs cost a core where they come too often, and a busy machine answers them when it can: they stay as they are.
    ...[
      "--ping-interval",
      settings.pingIntervalMs === undefined ? `${pingIntervalMs}ms` : time(settings.pingIntervalMs),
    ],
    ...["--ping-timeout", `${settings.pingTimeoutMs ?? pingTimeoutMs}ms`],
    ...[
      "--connect-timeout",
      `${settings.connectTimeoutMs ?? connectTimeoutMs}ms`,
      "--request-timeout",
      `${requestTimeoutMs}ms`,
    ],
    ...["--drain-timeout", time(drainTimeoutMs)],
    ...["--duration", `${Math.round(atMostMs)}ms`],
    ...["--out", out, "--no-self-test", "--quiet"],
  ];
}
