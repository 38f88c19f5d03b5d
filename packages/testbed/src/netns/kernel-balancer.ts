import { setTimeout as pause } from "node:timers/promises";
import type { PlaneDir } from "../kube/plane-dir.js";
import { type ReadyzChecks, startReadyzChecks } from "../kube/readyz-checks.js";
import type { BalancerSettings, HealthCheckSettings } from "../lab/lab-scenario.js";
import { HUB, PORT, type Target, VIP } from "./addresses.js";
import { command } from "./command.js";
import { type Haproxy, startHaproxy } from "./haproxy.js";
import { ip } from "./namespaces.js";
import { hasRedirect, hubRules, masterRules, type TrafficState } from "./rules.js";

/** Options of {@link startKernelBalancer}. */
export interface KernelBalancerOptions {
  readonly settings: BalancerSettings;
  readonly targets: readonly Target[];
  readonly dir: PlaneDir;
  /** Their times are divided by it already; this is for those that no setting has. */
  readonly speed: number;
  /** What cannot be mended: the rules are not what they should be. */
  readonly onError: (error: Error) => void;
}

/** A balancer made of the kernel's rules. */
export interface KernelBalancer {
  /** New flows may go to this master and its watcher has its redirect on again. */
  knows(index: number): Promise<boolean>;
  /** The VIP moves to the next healthy master; resolves with the one that had it. */
  moveVip(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts the health checks and keeps the rules of all namespaces at what they say, with the model's lags. Must run in the namespace in the
 * middle. Every change is one transaction; changes are made one after the other.
 */
export async function startKernelBalancer(options: KernelBalancerOptions): Promise<KernelBalancer> {
  const { settings, targets, dir } = options;
  const everyone = new Set(targets.map(({ index }) => index));
  const stopped = new AbortController();
  const applied = new Map<string, string>();
  const lag = lagsOf(settings);
  // What the data plane has come to know of the health checks, each after its lag.
  const programmed = new Set(everyone);
  const terminated = new Set<number>();
  let redirected: ReadonlySet<number> = hasRedirect(settings) ? everyone : new Set();
  let holder = 0;
  let applying: Promise<void> = Promise.resolve();

  const apply = (): Promise<void> => {
    applying = applying.then(async () => {
      const state: TrafficState = {
        // Nobody is healthy: a balancer then takes everybody to be.
        programmed: new Set(programmed.size === 0 ? everyone : programmed),
        terminated: new Set(terminated),
        redirected,
        holder,
      };
      await applyRules("hub", hubRules(settings, targets, state));
      for (const target of targets) {
        const rules = masterRules(settings, target, state);
        if (rules !== null) await applyRules(target.namespace, rules);
      }
    });
    return applying;
  };
  const applyRules = async (where: string, rules: string): Promise<void> => {
    if (applied.get(where) === rules) return;
    if (where === "hub") await command("nft", ["-f", "-"], rules);
    else await command("ip", ["netns", "exec", where, "nft", "-f", "-"], rules);
    applied.set(where, rules);
  };
  const change = (): void => {
    if (!stopped.signal.aborted) void apply().catch(options.onError);
  };
  const later = async (ms: number, still: () => boolean, then: () => void): Promise<void> => {
    if (ms > 0) await pause(ms, undefined, { signal: stopped.signal }).catch(() => {});
    if (!stopped.signal.aborted && still()) then();
  };

  const onHealth = (index: number, healthy: boolean): void => {
    const still = (): boolean => isHealthy(index) === healthy;
    if (settings.model === "moving-vip") {
      if (!healthy && index === holder) void moveVip().catch(options.onError);
      return;
    }
    if (healthy) {
      void later(lag.inMs, still, () => {
        programmed.add(index);
        terminated.delete(index);
        change();
      });
      return;
    }
    void later(lag.outMs, still, () => {
      programmed.delete(index);
      change();
    });
    if (lag.terminateMs !== null) {
      void later(lag.outMs + lag.terminateMs, still, () => {
        terminated.add(index);
        change();
      });
    }
  };

  let vipMoves: Promise<unknown> = Promise.resolve();
  const moveVip = (): Promise<number> => {
    const move = vipMoves.then(async () => {
      const old = holder;
      for (let step = 1; step < targets.length; step++) {
        const next = (old + step) % targets.length;
        if (isHealthy(next)) {
          holder = next;
          break;
        }
      }
      if (holder !== old) await routeVip(targets, holder, old);
      return old;
    });
    vipMoves = move.catch(() => {});
    return move;
  };

  // Set up first, look after it afterwards.
  const proxies: Haproxy[] = [];
  let checks: ReadyzChecks | null = null;
  let watchers: ReadyzChecks | null = null;
  const isHealthy = (index: number): boolean => checks === null || checks.healthy.some((u) => isUpstream(u, index));
  const isUpstream = (upstream: unknown, index: number): boolean => upstreams[index] === upstream;
  const upstreams = targets.map(({ address }) => ({ host: address, port: PORT }));

  await apply();
  switch (settings.model) {
    case "gcp-ilb":
      // Local on every master: what a master sends to the VIP comes out of it as from the VIP, and stays.
      for (const { namespace } of targets) await ip([`route add local ${VIP} dev lo`], namespace);
      break;
    case "haproxy":
      await ip([`addr add ${VIP}/32 dev lo`]);
      proxies.push(
        await startHaproxy(
          { ...settings, name: "haproxy", onMarkedDown: settings.onMarkedDown ?? false, targets, address: HUB },
          dir,
        ),
      );
      break;
    case "moving-vip":
      // As on bare metal: a proxy on each master, of which the one that holds the address gets the traffic.
      for (const { index, address, namespace } of targets) {
        const plan = { checks: behindVip(options.speed), onMarkedDown: false, targets, address, namespace };
        proxies.push(await startHaproxy({ ...plan, name: `haproxy-${index}` }, dir));
      }
      await routeVip(targets, holder, null);
      break;
    default:
      break;
  }
  if (settings.model !== "haproxy") {
    checks = startChecks(settings.checks, upstreams, onHealth);
  }
  const watcher = watcherOf(settings);
  if (watcher !== null) {
    watchers = startReadyzChecks({
      ...checkOptions(watcher),
      targets: upstreams,
      onChange: (healthy) => {
        redirected = new Set(
          targets.filter(({ index }) => healthy.some((u) => isUpstream(u, index))).map((t) => t.index),
        );
        change();
      },
    });
  }

  return {
    async knows(index) {
      for (const proxy of proxies) if (!(await proxy.up()).has(index)) return false;
      if (!isHealthy(index) || !programmed.has(index)) return false;
      if (terminated.has(index) || (watchers !== null && !redirected.has(index))) return false;
      await applying;
      return true;
    },
    moveVip,
    async stop() {
      stopped.abort();
      await Promise.all([checks?.stop(), watchers?.stop(), ...proxies.map((proxy) => proxy.stop())]);
      await Promise.all([vipMoves, applying.catch(() => {})]);
    },
  };
}

interface Lags {
  /** From unhealthy to no new flows. */
  readonly outMs: number;
  /** From that to the reset of what is there; `null`: never. */
  readonly terminateMs: number | null;
  /** From healthy to new flows. */
  readonly inMs: number;
}

function lagsOf(settings: BalancerSettings): Lags {
  switch (settings.model) {
    case "gcp-ilb":
    case "gcp-ilb-routes":
      return { outMs: settings.deprogramMs ?? 0, terminateMs: null, inMs: 0 };
    case "aws-nlb":
      return {
        outMs: settings.propagationMs,
        terminateMs: settings.terminateUnhealthy ? (settings.drainingMs ?? 0) : null,
        inMs: settings.propagationMs,
      };
    default:
      return { outMs: 0, terminateMs: null, inMs: 0 };
  }
}

const watcherOf = (settings: BalancerSettings): HealthCheckSettings | null =>
  "watcher" in settings && settings.watcher !== undefined ? settings.watcher : null;

const checkOptions = ({ probe, everyMs, timeoutMs, fall, rise }: HealthCheckSettings) => ({
  probe,
  everyMs,
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  fall,
  rise,
});

function startChecks(
  settings: HealthCheckSettings,
  targets: readonly { readonly host: string; readonly port: number }[],
  onHealth: (index: number, healthy: boolean) => void,
): ReadyzChecks {
  let before = new Set(targets);
  return startReadyzChecks({
    ...checkOptions(settings),
    targets,
    onChange: (healthy) => {
      const now = new Set(healthy);
      for (const [index, target] of targets.entries())
        if (now.has(target) !== before.has(target)) onHealth(index, now.has(target));
      before = now;
    },
  });
}

/**
 * How a proxy behind a moving address looks after its backends, whatever moves the address. haproxy gives a check's handshake no longer than
 * the interval, whatever the timeout: with a tenth of a second, on a busy machine, all seem down now and then, and new connections are closed.
 */
const behindVip = (speed: number): HealthCheckSettings => ({
  probe: "readyz",
  everyMs: Math.round(500 / speed),
  // Not divided: a busy machine is no dead server.
  timeoutMs: 2_000,
  fall: 2,
  rise: 2,
});

/** The VIP as an address of `holder` alone. What the old one held finds nobody who knows it at the new one, and is reset there. */
async function routeVip(targets: readonly Target[], holder: number, old: number | null): Promise<void> {
  const local = (what: "add" | "del", index: number): Promise<void> => {
    const { address, namespace } = targets[index] as Target;
    return ip([`route ${what} local ${VIP} dev lo src ${address}`], namespace);
  };
  await local("add", holder);
  await ip([`route replace ${VIP}/32 dev m${holder}`]);
  if (old !== null) await local("del", old);
}
