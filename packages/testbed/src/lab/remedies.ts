import type { BalancerSettings, HealthCheckSettings, LabSetup } from "./lab-scenario.js";
import { CHECKS, GCP_ROUTES, PATIENT_WATCHER } from "./scenarios/parts.js";

/** Something that may mend a rollout. */
export interface Remedy {
  readonly name: string;
  /** The setting, as one would make it. */
  readonly setting: string;
  /** The setup with it; `null` where it changes nothing or cannot be had. */
  readonly apply: (setup: LabSetup) => LabSetup | null;
}

const MS = { tick: 1_000, longGrace: 70_000, draining: 300_000, ping: 2_000, watchGrace: 1_000 } as const;

/**
 * How long the balancer goes on choosing a backend after /readyz turned red: the failed checks it takes, the one that was under way, and
 * what comes after them.
 */
export function removalLagMs({ balancer }: LabSetup): number {
  const { checks } = balancer;
  const seen = (checks.fall + 1) * checks.everyMs;
  switch (balancer.model) {
    case "gcp-ilb":
      return 0;
    case "gcp-ilb-routes":
      return Math.max(seen + (balancer.deprogramMs ?? 0), (balancer.watcher.fall + 1) * balancer.watcher.everyMs);
    case "aws-nlb":
      return seen + balancer.propagationMs;
    default:
      return seen;
  }
}

/** D above the removal lag, with a fifth of it left for what arrives late. */
export function delayFor(setup: LabSetup): number {
  return Math.ceil((removalLagMs(setup) + MS.tick) / 0.8 / MS.tick) * MS.tick;
}

const withBalancer = (setup: LabSetup, balancer: BalancerSettings): LabSetup => ({ ...setup, balancer });

/** Each candidate of its own; the combination that works is a scenario's fixed twin. */
export const REMEDIES: readonly Remedy[] = [
  {
    name: "delay",
    setting: "--shutdown-delay-duration above the balancer's removal lag",
    apply: (setup) => {
      const shutdownDelayMs = delayFor(setup);
      if (setup.apiserver.shutdownDelayMs >= shutdownDelayMs) return null;
      return { ...setup, apiserver: { ...setup.apiserver, shutdownDelayMs } };
    },
  },
  {
    name: "await-shutdown",
    setting: "Kubernetes 1.19 or later: the process waits for its HTTP server",
    apply: (setup) => {
      if (setup.apiserver.version !== "historic") return null;
      const { version: _, ...apiserver } = setup.apiserver;
      return { ...setup, apiserver: { ...apiserver, watchGraceMs: MS.watchGrace } };
    },
  },
  {
    name: "send-retry-after",
    setting: "--shutdown-send-retry-after",
    apply: (setup) => {
      if (setup.apiserver.version === "historic" || setup.apiserver.sendRetryAfter === true) return null;
      return { ...setup, apiserver: { ...setup.apiserver, sendRetryAfter: true } };
    },
  },
  {
    name: "watch-grace",
    setting: "--shutdown-watch-termination-grace-period",
    apply: (setup) => {
      if (setup.apiserver.version === "historic" || setup.apiserver.watchGraceMs !== undefined) return null;
      return { ...setup, apiserver: { ...setup.apiserver, watchGraceMs: MS.watchGrace } };
    },
  },
  {
    name: "goaway-chance",
    setting: "--goaway-chance=0.02",
    apply: (setup) =>
      setup.apiserver.goawayChance === undefined
        ? { ...setup, apiserver: { ...setup.apiserver, goawayChance: 0.02 } }
        : null,
  },
  {
    name: "grace-period",
    setting: "terminationGracePeriodSeconds above the delay and the request timeout",
    apply: (setup) =>
      setup.rollout.killAfterMs === undefined
        ? null
        : { ...setup, rollout: { ...setup.rollout, killAfterMs: MS.longGrace } },
  },
  {
    name: "route-switch",
    setting: "the node's own redirect, switched by the health of its API server after the balancer has let go",
    apply: (setup) => {
      const { balancer } = setup;
      if (balancer.model === "gcp-ilb") return withBalancer(setup, GCP_ROUTES);
      if (balancer.model === "azure-lb" && balancer.watcher === undefined) {
        return withBalancer(setup, { ...balancer, watcher: PATIENT_WATCHER });
      }
      const patience = ({ fall, everyMs }: HealthCheckSettings): number => fall * everyMs;
      if (balancer.model !== "gcp-ilb-routes" || patience(balancer.watcher) >= patience(PATIENT_WATCHER)) return null;
      const lagMs = patience(balancer.checks) + (balancer.deprogramMs ?? 0);
      const fall = Math.ceil(lagMs / PATIENT_WATCHER.everyMs) + 2;
      return withBalancer(setup, { ...balancer, watcher: { ...PATIENT_WATCHER, fall } });
    },
  },
  {
    name: "nlb-no-termination",
    setting: "target_health_state.unhealthy.connection_termination.enabled=false",
    apply: (setup) =>
      setup.balancer.model === "aws-nlb" && setup.balancer.terminateUnhealthy
        ? withBalancer(setup, { ...setup.balancer, terminateUnhealthy: false })
        : null,
  },
  {
    name: "nlb-draining",
    setting: "unhealthy draining interval of 300 s",
    apply: (setup) =>
      setup.balancer.model === "aws-nlb" && setup.balancer.terminateUnhealthy
        ? withBalancer(setup, { ...setup.balancer, drainingMs: MS.draining })
        : null,
  },
  {
    name: "check-readyz",
    setting: "the balancer's check asks /readyz, fall 2, rise 2",
    apply: (setup) =>
      setup.balancer.checks.probe === "tcp" ? withBalancer(setup, { ...setup.balancer, checks: CHECKS }) : null,
  },
  {
    name: "patient-vip",
    setting: "the address's check outlasts a rollout",
    apply: (setup) =>
      setup.balancer.model === "moving-vip"
        ? withBalancer(setup, { ...setup.balancer, checks: { ...setup.balancer.checks, fall: 60 } })
        : null,
  },
  {
    name: "h2-ping",
    setting: "HTTP/2 PING more often than the balancer forgets",
    apply: (setup) =>
      setup.balancer.model === "forgetful" ? { ...setup, probe: { ...setup.probe, pingIntervalMs: MS.ping } } : null,
  },
];
