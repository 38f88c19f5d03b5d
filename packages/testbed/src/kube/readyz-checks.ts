import { request } from "node:https";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Upstream } from "../balancer/flow.js";

/** Options of {@link startReadyzChecks}. */
export interface ReadyzCheckOptions {
  readonly targets: readonly Upstream[];
  /** `tcp`: a connection is proof enough. Default `readyz`. */
  readonly probe?: "readyz" | "tcp";
  /** From the start of one check of a target to the next, which waits for a check that takes longer. Default 1 s. */
  readonly everyMs?: number;
  /** A check without an answer in this time has failed. Default: as `everyMs`. */
  readonly timeoutMs?: number;
  /** So many failures in a row take a target out. Default 2. */
  readonly fall?: number;
  /** So many successes in a row put it in again. Default 2. */
  readonly rise?: number;
  /** Told whenever the set changes, in the order of `targets`; what `Balancer.setUpstreams` takes. */
  readonly onChange: (healthy: readonly Upstream[]) => void;
}

/** Running checks. */
export interface ReadyzChecks extends AsyncDisposable {
  readonly healthy: readonly Upstream[];
  stop(): Promise<void>;
}

/**
 * The health checks of a balancer in front of apiservers: by default `GET /readyz` without credentials on a new connection each time, no
 * matter whose certificate; 200 is a success. All targets are taken to be healthy at first.
 */
export function startReadyzChecks(options: ReadyzCheckOptions): ReadyzChecks {
  const { targets, everyMs = 1_000, fall = 2, rise = 2, onChange } = options;
  const timeoutMs = options.timeoutMs ?? everyMs;
  const look = options.probe === "tcp" ? accepts : isReady;
  const stop = new AbortController();
  const down = new Set<Upstream>();
  const healthy = (): Upstream[] => targets.filter((target) => !down.has(target));

  const follow = async (target: Upstream): Promise<void> => {
    // Checks in a row that say the other thing than we do.
    let against = 0;
    while (!stop.signal.aborted) {
      const next = performance.now() + everyMs;
      const ready = await look(target, timeoutMs);
      against = ready === down.has(target) ? against + 1 : 0;
      if (against >= (ready ? rise : fall) && !stop.signal.aborted) {
        against = 0;
        if (ready) down.delete(target);
        else down.add(target);
        onChange(healthy());
      }
      await pause(Math.max(0, next - performance.now()), undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const loops = Promise.all(targets.map(follow));
  const checks: ReadyzChecks = {
    get healthy() {
      return healthy();
    },
    async stop() {
      stop.abort();
      await loops;
    },
    [Symbol.asyncDispose]: () => checks.stop(),
  };
  return checks;
}

function isReady({ host, port }: Upstream, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const req = request({
      host,
      port,
      path: "/readyz",
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    req.once("error", () => resolve(false));
    req.once("response", (response) => {
      response.resume();
      response.once("error", () => resolve(false));
      response.once("end", () => resolve(response.statusCode === 200));
    });
    req.end();
  });
}

function accepts({ host, port }: Upstream, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (accepted: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(accepted);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
