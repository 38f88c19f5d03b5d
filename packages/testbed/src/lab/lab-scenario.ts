import type { KubeVersion } from "../kube/version.js";

/** Where a scenario is played: our own API servers, network namespaces with kernel balancers, real API servers in such namespaces. */
export type Tier = "embedded" | "netns" | "kube";

/** How one API server terminates and starts. Times are at speed 1; what is absent has the server's own default. */
export interface ApiserverSettings {
  /** `historic`: v1.18, whose process does not wait for its HTTP server's shutdown. Default `current`. */
  readonly version?: KubeVersion;
  readonly shutdownDelayMs: number;
  readonly sendRetryAfter?: boolean;
  readonly watchGraceMs?: number;
  /** 0 to 0.02. */
  readonly goawayChance?: number;
  readonly requestTimeoutMs?: number;
  /** Connections of further clients that rest, to a real API server: they are made before each SIGTERM. Our own makes no difference. Default 0. */
  readonly otherConnections?: number;
}

/** How a balancer finds out about its backends. */
export interface HealthCheckSettings {
  /** `tcp`: a connection is proof enough. */
  readonly probe: "readyz" | "tcp";
  readonly everyMs: number;
  readonly timeoutMs?: number;
  /** So many failures in a row take a backend out. */
  readonly fall: number;
  readonly rise: number;
}

/** A model of one kind of balancer. What a model does not do has no setting here. */
export type BalancerSettings =
  /** No proxy; a master's own traffic to the VIP stays on the master, health ignored. Others: by health checks. */
  | { readonly model: "gcp-ilb"; readonly checks: HealthCheckSettings; readonly deprogramMs?: number }
  /** The later fix: that local redirect is there only while a watcher on the node finds its API server healthy. */
  | {
      readonly model: "gcp-ilb-routes";
      readonly checks: HealthCheckSettings;
      readonly deprogramMs?: number;
      readonly watcher: HealthCheckSettings;
    }
  | {
      readonly model: "aws-nlb";
      readonly checks: HealthCheckSettings;
      /** From a target's change of health to the data plane's. */
      readonly propagationMs: number;
      /** Connections to a target that became unhealthy are reset. */
      readonly terminateUnhealthy: boolean;
      /** How long an unhealthy target keeps its connections before that. */
      readonly drainingMs?: number;
      /** A target that connects to itself through the balancer gets no answer. */
      readonly preserveClientIp?: boolean;
    }
  /** No hairpin: a backend that the balancer sends to itself gets no answer. `watcher`: the node's own redirect while healthy. */
  | { readonly model: "azure-lb"; readonly checks: HealthCheckSettings; readonly watcher?: HealthCheckSettings }
  /** A proxy on the masters. `onMarkedDown`: haproxy's `on-marked-down shutdown-sessions`. */
  | { readonly model: "haproxy"; readonly checks: HealthCheckSettings; readonly onMarkedDown?: boolean }
  /** Loses a flow's state without a word after so long. */
  | { readonly model: "forgetful"; readonly checks: HealthCheckSettings; readonly forgetAfterMs: number }
  /** The address itself moves to another master; what it held is reset there. */
  | { readonly model: "moving-vip"; readonly checks: HealthCheckSettings };

/** What is done to the control plane once the baseline is steady. */
export interface RolloutSettings {
  /** `roll`: SIGTERM and restart, one after the other, each when the one before is ready. `none`: nothing is restarted. */
  readonly action: "roll" | "none" | "move-vip";
  /** Only this many of the three are restarted. Default 3. */
  readonly instances?: number;
  /** SIGKILL so long after SIGTERM, as at the end of a pod's grace period. Default: never. */
  readonly killAfterMs?: number;
  /** `none`: how long to look on, at speed 1. Default 20 s. */
  readonly observeMs?: number;
  /** From an instance's exit to the start of its next process. Default 0. */
  readonly pauseMs?: number;
}

/** What the probe does on each master: the words of `drainprobe run`. */
export interface LabProbeSettings {
  readonly workload: "crud" | "readonly" | "version";
  /** `role`: its rights come from a role, which an API server reads after its listener is open. Default `admin`, who needs none. */
  readonly user?: "admin" | "role";
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  /** Further connections that hold a session each, to make the server's goodbye a long one. */
  readonly idleSessions?: number;
  readonly freshPerSecond?: number;
  readonly watch?: boolean;
  readonly slow?: boolean;
  readonly pingIntervalMs?: number;
  readonly pingTimeoutMs?: number;
  /** Never divided by the speed. A packet that a balancer loses stays lost for a little longer than this. Default 3 s. */
  readonly connectTimeoutMs?: number;
}

/** Everything that makes up one rollout of the lab. */
export interface LabSetup {
  readonly apiserver: ApiserverSettings;
  readonly balancer: BalancerSettings;
  readonly rollout: RolloutSettings;
  readonly probe: LabProbeSettings;
}

/**
 * What the probes of all masters together must (or may) have seen on the path `vip`. Paths past the balancer are witnesses of who it
 * was, and are not judged: a server that is restarted fails there by right. `scope: "connection"` counts incidents, and the requests lost
 * with them go with them; `scope: "request"` counts requests that failed on a connection that was well. Abandoned ones count nowhere.
 */
export interface LabExpectation {
  readonly scope: "connection" | "request";
  /**
   * The verdict's type. Several: any of them, as where FIN and RST race. `null`: connections that ended well, which need not be listed.
   * Absent: whatever it is.
   */
  readonly type?: string | readonly string[] | null;
  /** The close of the connection, for `scope: "connection"`. */
  readonly close?: string | readonly string[];
  /** Incidents (`connection`) or requests (`request`) of that kind in one run. Default: at least 1. `min: 0`: allowed. */
  readonly count?: { readonly min: number; readonly max?: number };
  /**
   * Where the real thing is a race: the share of runs, above 0 and below 1, in which it comes as often as {@link count} says, as measured. A run
   * without it is no contradiction then, but many of them are. Default: it comes in every run.
   */
  readonly chance?: number;
  /** Only on these lanes. */
  readonly lanes?: readonly string[];
  /** Only connections whose local and remote addresses are the same (true) or not (false). */
  readonly hairpin?: boolean;
  /** How long after the SIGTERM of some instance (the one that makes it fit), at speed 1. The runner adds its own tolerance. */
  readonly when?: { readonly fromMs?: number; readonly toMs?: number };
}

/** One row of the lab. */
export interface LabScenario {
  /** kebab-case, unique; the seed's rows have the seed's names. */
  readonly name: string;
  readonly title: string;
  /** Why it fails, in two or three sentences for people. */
  readonly cause: string;
  /** What mends it, in a sentence; names the setting. */
  readonly remedy: string;
  readonly setup: LabSetup;
  /** Faster than this its own times and those of a probe, which cannot be divided, come too near to each other. */
  readonly maxSpeed?: number;
  /** The fixed twin. `null`: there is nothing to mend, the scenario itself must show no failure. */
  readonly fixed: LabSetup | null;
  /** Tiers that cannot show it, each with the reason. */
  readonly unavailable?: Partial<Record<Tier, string>>;
  /** Where a tier's setup must differ (a balancer's times, the historic version's connections). Merged over {@link setup} and {@link fixed}, part by part. */
  readonly perTier?: Partial<Record<Tier, { readonly setup?: Partial<LabSetup>; readonly fixed?: Partial<LabSetup> }>>;
  /** What must come. Every failure that is not listed here makes a run differ. Empty: none may come. */
  readonly expected: readonly LabExpectation[];
  /** What the fixed twin may still show: what no setting can prevent and every client is told how to take. */
  readonly expectedFixed: readonly LabExpectation[];
  /** From SIGTERM to the end of each process, at speed 1, where that is the point. The runner adds its own tolerance. */
  readonly exits?: { readonly setup: ExitTime; readonly fixed: ExitTime };
}

/** How long an API server takes to go. */
export interface ExitTime {
  readonly fromMs: number;
  readonly toMs: number;
}
