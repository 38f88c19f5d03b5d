import type { Socket } from "node:net";
import { Flow } from "../../balancer/flow.js";
import type { PlaneDir } from "../../kube/plane-dir.js";
import type { BalancerSettings } from "../../lab/lab-scenario.js";
import type { EmbeddedApiserver } from "../embedded-apiserver.js";
import type { ListenAddress } from "../embedded-servers.js";
import { forgetsIdle, movedAway, resetFlow } from "./flow-ends.js";
import { type Frontend, openFrontend } from "./frontend.js";
import { type Health, watchHealth } from "./health.js";
import { choicesOf, isProxy, lagsOf, vanishes, watcherOf } from "./model.js";

/** Options of {@link EmbeddedBalancer}. */
export interface EmbeddedBalancerOptions {
  readonly dir: PlaneDir;
  readonly settings: BalancerSettings;
  readonly servers: readonly EmbeddedApiserver[];
  readonly speed: number;
  /** The VIP as each master reaches it. Empty for `gcp-ilb`, where each server has it itself. */
  readonly vips: readonly ListenAddress[];
  /** Of the clients: a packet that is lost is lost for at least so long. */
  readonly connectTimeoutMs: number;
  readonly onVipMoved: (to: number) => void;
}

/** A refused slice is as short as can be without a listener that is opened and closed all the time. */
const REFUSED_SLICE_MS = 60;
/** haproxy's: three tries, a second apart, the last of them elsewhere. */
const RETRY_MS = 1_000;
const RETRIES = 3;
/** TCP's least. */
const RETRANSMIT_MS = 200;
/** A proxy behind a moving address looks after its backends itself, as haproxy does there. */
const BEHIND_VIP = { probe: "readyz", everyMs: 500, fall: 2, rise: 2 } as const;

/** The userland models of balancers: layer 4, each in the manner of the one it is named after. */
export class EmbeddedBalancer {
  readonly #options: EmbeddedBalancerOptions;
  readonly #flows = new Map<Flow, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #forget;
  #health: Health | null = null;
  #watchers: Health | null = null;
  #move: Health | null = null;
  #frontends: readonly Frontend[] = [];
  #holder = 0;
  #index = 0;
  #turn = 0;

  constructor(options: EmbeddedBalancerOptions) {
    this.#options = options;
    const { settings, speed } = options;
    this.#forget = settings.model === "forgetful" ? forgetsIdle(settings.forgetAfterMs / speed) : null;
  }

  async start(): Promise<void> {
    const { settings, servers, speed, dir, vips, connectTimeoutMs } = this.#options;
    const common = { targets: servers, speed };
    this.#health = watchHealth({
      ...common,
      checks: settings.model === "moving-vip" ? BEHIND_VIP : settings.checks,
      ...lagsOf(settings),
      onChange: (server, healthy) => this.#onHealth(server, healthy),
    });
    const watcher = watcherOf(settings);
    if (watcher !== null) this.#watchers = watchHealth({ ...common, checks: watcher, onChange: () => this.update() });
    if (settings.model === "moving-vip") {
      this.#move = watchHealth({
        ...common,
        checks: settings.checks,
        onChange: (server, healthy) => {
          if (!healthy && server === this.#holder) this.moveVip();
        },
      });
    }
    const proxy = isProxy(settings);
    this.#frontends = await Promise.all(
      vips.map((at, master) =>
        openFrontend({
          dir,
          at,
          vanishing: vanishes(settings),
          choices: () => (proxy ? [master] : this.#choices(master)),
          listening: (server) => proxy || servers[server]?.listening === true,
          sliceMs: vanishes(settings) ? connectTimeoutMs * 1.2 : REFUSED_SLICE_MS,
          onClient: (client, server) => {
            if (proxy) this.#proxy(client, master, 0);
            else this.#flow(client, server);
          },
        }),
      ),
    );
  }

  /** A server has begun or ceased to listen. */
  update(): void {
    for (const frontend of this.#frontends) frontend.update();
  }

  /** Does all that checks it know of this server as it is? */
  knows(server: number): boolean {
    return [this.#health, this.#watchers, this.#move].every((health) => health?.healthy(server) ?? true);
  }

  /** The address goes to the next master that is well; what it held is reset. */
  moveVip(): void {
    const { servers, onVipMoved } = this.#options;
    const others = servers.map((_, index) => (this.#holder + 1 + index) % servers.length);
    this.#holder = others.find((index) => this.#move?.healthy(index) ?? true) ?? this.#holder;
    const held = [...this.#flows.keys()];
    for (const flow of held) flow.enter(movedAway);
    // A client that waits for an answer sends again what nobody has acknowledged.
    this.#after(RETRANSMIT_MS, () => held.forEach(resetFlow));
    onVipMoved(this.#holder);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([this.#health?.stop(), this.#watchers?.stop(), this.#move?.stop()]);
    await Promise.all(this.#frontends.map((frontend) => frontend.close()));
    for (const flow of this.#flows.keys()) flow.destroy();
  }

  #choices(master: number): ReturnType<typeof choicesOf> {
    const { settings, servers } = this.#options;
    return choicesOf(settings, master, {
      masters: servers.length,
      healthy: (server) => this.#health?.healthy(server) ?? true,
      watched: (at) => this.#watchers?.healthy(at) ?? null,
    });
  }

  #onHealth(server: number, healthy: boolean): void {
    const { settings, speed } = this.#options;
    this.update();
    if (healthy) return;
    if (settings.model === "aws-nlb" && settings.terminateUnhealthy) {
      this.#after((settings.drainingMs ?? 0) / speed, () => {
        if (this.#health?.healthy(server) !== true) this.#each(server, resetFlow);
      });
    }
    if (settings.model === "haproxy" && settings.onMarkedDown === true) this.#each(server, (flow) => flow.destroy());
  }

  #each(server: number, act: (flow: Flow) => void): void {
    for (const [flow, to] of this.#flows) if (to === server) act(flow);
  }

  /** As a proxy: the client is in already, and waits. */
  #proxy(client: Socket, master: number, tried: number): void {
    const { servers, speed } = this.#options;
    client.on("error", () => {});
    const up = this.#choices(master).filter((choice) => typeof choice === "number");
    // The last try is for somebody else.
    const wanted = up[this.#turn++ % Math.max(1, up.length)];
    if (wanted === undefined || tried > RETRIES) {
      client.destroy();
    } else if (servers[wanted]?.listening === true) {
      this.#flow(client, wanted);
    } else {
      this.#after(RETRY_MS / speed, () => {
        if (!client.destroyed) this.#proxy(client, master, tried + 1);
      });
    }
  }

  #flow(client: Socket, server: number): void {
    const upstream = this.#options.servers[server];
    client.on("error", () => {});
    if (upstream === undefined) {
      client.destroy();
      return;
    }
    const flow: Flow = new Flow(this.#index++, client, { host: upstream.host, port: upstream.port }, () => {
      if (flow.closed) this.#flows.delete(flow);
    });
    if (this.#forget !== null) flow.enter(this.#forget);
    this.#flows.set(flow, server);
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
