import type { BalancerSettings, HealthCheckSettings, RolloutSettings } from "../lab/lab-scenario.js";

/** The same balancer with all its times divided. */
export function atSpeed(settings: BalancerSettings, speed: number): BalancerSettings {
  const checks = checksAtSpeed(settings.checks, speed);
  switch (settings.model) {
    case "gcp-ilb":
    case "moving-vip":
    case "haproxy":
      return { ...settings, checks };
    case "gcp-ilb-routes":
      return {
        ...settings,
        checks,
        watcher: checksAtSpeed(settings.watcher, speed),
        ...(settings.deprogramMs === undefined ? {} : { deprogramMs: settings.deprogramMs / speed }),
      };
    case "azure-lb":
      return {
        ...settings,
        checks,
        ...(settings.watcher === undefined ? {} : { watcher: checksAtSpeed(settings.watcher, speed) }),
      };
    case "aws-nlb":
      return {
        ...settings,
        checks,
        propagationMs: settings.propagationMs / speed,
        ...(settings.drainingMs === undefined ? {} : { drainingMs: settings.drainingMs / speed }),
      };
    case "forgetful":
      return { ...settings, checks, forgetAfterMs: Math.round(settings.forgetAfterMs / speed) };
    default:
      return settings satisfies never;
  }
}

/** The same rollout with all its times divided. */
export function rolloutAtSpeed(settings: RolloutSettings, speed: number): RolloutSettings {
  return {
    ...settings,
    ...(settings.killAfterMs === undefined ? {} : { killAfterMs: settings.killAfterMs / speed }),
    ...(settings.pauseMs === undefined ? {} : { pauseMs: settings.pauseMs / speed }),
  };
}

const LEAST_TIMEOUT_MS = 3_000;

function checksAtSpeed(settings: HealthCheckSettings, speed: number): HealthCheckSettings {
  return {
    ...settings,
    // haproxy takes whole milliseconds.
    everyMs: Math.max(1, Math.round(settings.everyMs / speed)),
    // Not below this at any speed: a server that is busy, or whose machine is, is not dead. A closed port refuses at once.
    timeoutMs: Math.max(LEAST_TIMEOUT_MS, Math.round((settings.timeoutMs ?? settings.everyMs) / speed)),
  };
}
