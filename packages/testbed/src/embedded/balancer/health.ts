import type { Upstream } from "../../balancer/flow.js";
import { type ReadyzChecks, startReadyzChecks } from "../../kube/readyz-checks.js";
import type { HealthCheckSettings } from "../../lab/lab-scenario.js";

/** Options of {@link watchHealth}. */
export interface HealthOptions {
  readonly targets: readonly Upstream[];
  readonly checks: HealthCheckSettings;
  readonly speed: number;
  /** From the checks' word to what new connections see. */
  readonly downLagMs?: number;
  readonly upLagMs?: number;
  /** A target has changed. */
  readonly onChange: (index: number, healthy: boolean) => void;
}

/** What somebody thinks of the servers' health. */
export interface Health {
  healthy(index: number): boolean;
  stop(): Promise<void>;
}

const LEAST_TIMEOUT_MS = 3_000;

/** Checks the servers and tells each change, as late as whoever acts on it is. All are taken to be healthy at first. */
export function watchHealth({ targets, checks, speed, downLagMs = 0, upLagMs = 0, onChange }: HealthOptions): Health {
  const said = targets.map(() => true);
  const acted = targets.map(() => true);
  const timers = new Set<NodeJS.Timeout>();
  const act = (index: number, healthy: boolean): void => {
    if (acted[index] === healthy) return;
    acted[index] = healthy;
    onChange(index, healthy);
  };
  const running: ReadyzChecks = startReadyzChecks({
    targets,
    everyMs: checks.everyMs / speed,
    // A busy machine is late by as much at any speed; a closed port refuses at once.
    timeoutMs: Math.max(LEAST_TIMEOUT_MS, (checks.timeoutMs ?? checks.everyMs) / speed),
    fall: checks.fall,
    rise: checks.rise,
    probe: checks.probe,
    onChange(healthy) {
      for (const [index, target] of targets.entries()) {
        const now = healthy.includes(target);
        if (said[index] === now) continue;
        said[index] = now;
        const timer = setTimeout(
          () => {
            timers.delete(timer);
            act(index, now);
          },
          (now ? upLagMs : downLagMs) / speed,
        );
        timers.add(timer);
      }
    },
  });
  return {
    healthy: (index) => acted[index] ?? false,
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await running.stop();
    },
  };
}
