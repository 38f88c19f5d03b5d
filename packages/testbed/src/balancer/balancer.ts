import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Conditions } from "../server/conditions.js";
import { listen } from "../server/listen.js";
import { Flow, type Upstream } from "./flow.js";
import type { Impairment } from "./impairment.js";

/** Options of {@link startBalancer}. */
export interface BalancerOptions {
  /** Backends, taken in turn. */
  readonly upstreams: readonly Upstream[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

/** A layer-4 balancer: it moves bytes and knows nothing of what they mean, but for the impairments put into it. */
export interface Balancer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Flows there were and are, in order. */
  readonly flows: readonly Flow[];
  /** Where new flows go from now on; old ones stay where they are. Empty: new clients get FIN at once. */
  setUpstreams(upstreams: readonly Upstream[]): void;
  /**
   * Puts an impairment into all flows, or into those that `which` picks, now and in future. Gives a function that takes
   * it out again; that function resolves when it has no effect any more.
   */
  add(impairment: Impairment, which?: (flow: Flow) => boolean): Promise<() => Promise<void>>;
  /** Resolves as soon as `condition` holds, looked at after everything that passes. */
  when(condition: (balancer: Balancer) => boolean): Promise<void>;
  /** Stops listening and ends every socket; resolves when none is left. */
  close(): Promise<void>;
}

interface Added {
  readonly impairment: Impairment;
  readonly which: (flow: Flow) => boolean;
}

/** Starts a balancer. */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const host = options.host ?? "127.0.0.1";
  const conditions = new Conditions();
  const flows: Flow[] = [];
  const clients = new Set<Socket>();
  let added: Added[] = [];
  let upstreams = [...options.upstreams];
  let turn = 0;
  let listener: Server | null = null;

  const onClient = (client: Socket): void => {
    client.on("error", () => {});
    clients.add(client);
    client.on("close", () => {
      clients.delete(client);
      conditions.look();
    });
    if (added.some((a) => a.impairment.accepted?.(client) === true)) return;
    const upstream = upstreams[turn++ % Math.max(1, upstreams.length)];
    if (upstream === undefined) {
      client.destroy();
      return;
    }
    const flow = new Flow(flows.length, client, upstream, () => conditions.look());
    flows.push(flow);
    for (const a of added) if (a.which(flow)) flow.enter(a.impairment);
    conditions.look();
  };
  const open = async (port: number): Promise<number> => {
    listener = createServer({ allowHalfOpen: true, noDelay: true }, onClient);
    await listen(listener, host, port);
    return (listener.address() as AddressInfo).port;
  };
  const shut = (): Promise<void> => {
    const old = listener;
    listener = null;
    // Not awaited to its end: that comes only when the last flow is gone. The kernel refuses from here on.
    old?.close();
    return new Promise((resolve) => setImmediate(resolve));
  };
  const port = await open(options.port ?? 0);

  const balancer: Balancer = {
    host,
    port,
    flows,
    setUpstreams(next) {
      upstreams = [...next];
    },
    async add(impairment, which = () => true) {
      const entry: Added = { impairment, which };
      added.push(entry);
      if (impairment.refuses === true && listener !== null) await shut();
      for (const flow of flows) if (!flow.closed && which(flow)) flow.enter(impairment);
      return async () => {
        added = added.filter((a) => a !== entry);
        for (const flow of flows) flow.leave(impairment);
        if (listener === null && !added.some((a) => a.impairment.refuses === true)) await open(port);
      };
    },
    when: (condition) => conditions.when(() => condition(balancer)),
    async close() {
      await shut();
      for (const flow of flows) flow.destroy();
      for (const client of clients) client.destroy();
      await balancer.when(() => clients.size === 0 && flows.every((f) => f.closed));
    },
    [Symbol.asyncDispose]: () => balancer.close(),
  };
  return balancer;
}
