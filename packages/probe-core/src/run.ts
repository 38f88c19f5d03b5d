import { SystemClock } from "./clock/system-clock.js";
import type { ConnectionId, LanePlan, Nanos, RequestId } from "./events/index.js";
import { NANOS_PER_SECOND } from "./events/index.js";
import { encodeRequest } from "./h2/request-head.js";
import { Alarms } from "./io/alarms.js";
import { chance } from "./io/chance.js";
import { ConnectionTable } from "./io/connection-table.js";
import { Flusher } from "./io/flusher.js";
import { FreshConnectLane } from "./io/lanes/fresh-connect.js";
import { FreshH2Lane } from "./io/lanes/fresh-h2.js";
import { HeldLane } from "./io/lanes/held.js";
import { IdleLane } from "./io/lanes/idle.js";
import type { LaneRunner, LaneSetup } from "./io/lanes/lane.js";
import { LongRequestLane } from "./io/lanes/long-request.js";
import { NodeEngine } from "./io/node-engine.js";
import { openConnection } from "./io/open-connection.js";
import { EventRecorder } from "./io/recorder.js";
import { inTurn } from "./io/request-source.js";
import { HeadBook } from "./io/request-template.js";
import { type Resolver, roundRobinResolver, systemResolver } from "./io/resolver.js";
import type { RunContext } from "./io/run-context.js";
import { type PacedWork, Ticker } from "./io/ticker.js";
import { WireEngine } from "./io/wire-engine.js";
import { LIMITS } from "./limits.js";
import type { PathPlan, ResolvedOptions } from "./options/resolve-options.js";
import type { StopReason } from "./probe-options.js";
import { ReopenPace } from "./schedule/index.js";

const ANCHOR_INTERVAL_NS: Nanos = 5 * NANOS_PER_SECOND;

/** Our FIN, the RST that follows an unanswered one, and room for a busy loop to see both through. */
const CLOSE_ALL_MS = LIMITS.closeTimeoutMs * 3;

/** The observation itself: every lane on every path, and the facts they yield. It knows nothing of verdicts or of files. */
export class Run {
  readonly clock: SystemClock;
  readonly recorder: EventRecorder;
  readonly lanes: readonly LaneRunner[];
  readonly #connections: ConnectionTable;
  readonly #alarms = new Alarms();
  readonly #ticker: Ticker;
  readonly #durationNs: Nanos | null;
  #stopWatchingStalls: () => void = () => {};
  #nextAnchorAt: Nanos = 0;
  /** Requests that sessions sent of their own accord, by `path/lane`. */
  readonly #ownRequests = new Map<string, number>();

  /** `resolve`: where names become addresses. A name's addresses are taken in turn, one an attempt. */
  constructor(options: ResolvedOptions, resolve: Resolver = systemResolver) {
    this.clock = new SystemClock();
    this.recorder = new EventRecorder(this.clock);
    let connections = 0;
    const deps = {
      recorder: this.recorder,
      clock: this.clock,
      nextConnectionId: (): ConnectionId => {
        connections += 1;
        return connections;
      },
      resolve: roundRobinResolver(resolve),
    };
    this.#connections = new ConnectionTable(
      (target, open, listener) => openConnection(target, open, listener, deps),
      options.maxConnections,
    );
    this.lanes = createLanes(options, this.#context(options));
    this.#durationNs = options.durationNs;
    const paced: PacedWork[] = [this.#anchors()];
    for (const lane of this.lanes) if (lane.paced !== null) paced.push(lane.paced);
    this.#ticker = new Ticker(this.clock, paced, [this.#alarms, ...this.lanes]);
  }

  get plans(): readonly LanePlan[] {
    return this.lanes.map((lane) => lane.plan);
  }

  /** Operations asked for, by `path/lane`. */
  get scheduled(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.lanes.map((lane) => {
        const name = `${lane.path}/${lane.lane}`;
        return [name, lane.scheduled + (this.#ownRequests.get(name) ?? 0)];
      }),
    );
  }

  /** `onDuration` is called when the run has lasted as long as it was meant to. */
  start(onDuration: () => void = () => {}): void {
    this.#anchor();
    this.#stopWatchingStalls = this.clock.watchStalls((durationNs, at) =>
      this.recorder.record({ kind: "process.stall", durationNs }, at),
    );
    const now = this.clock.now();
    for (const lane of this.lanes) lane.start(now);
    // Beside the other timed work, because one Node timer cannot run for longer than 24 days.
    this.#ticker.start(this.#durationNs === null ? null : { at: now + this.#durationNs, run: onDuration });
  }

  async settled(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.settled));
  }

  /** Gives up what is open, closes every socket and waits until they are gone. Returns how many were not. */
  async stop(reason: StopReason): Promise<number> {
    this.#ticker.stop();
    for (const lane of this.lanes) lane.stop(reason);
    const left = await this.#connections.closeAll(reason, CLOSE_ALL_MS);
    this.#stopWatchingStalls();
    this.#anchor();
    return left;
  }

  #context(options: ResolvedOptions): RunContext {
    let requests = 0;
    return {
      now: () => ({ t: this.clock.now(), u: 0 }),
      recorder: this.recorder,
      timing: options.timing,
      connections: this.#connections,
      reopening: new ReopenPace({
        ratePerSecond: options.reopensPerSecond,
        burst: LIMITS.reopenBurst,
        chance,
      }),
      flusher: new Flusher(),
      alarms: this.#alarms,
      engine: (connection, url) =>
        options.engine === "node" ? new NodeEngine(connection, url) : new WireEngine(connection),
      nextRequestId: (): RequestId => {
        requests += 1;
        return requests;
      },
      onOwnRequest: (path, lane) => {
        const name = `${path}/${lane}`;
        this.#ownRequests.set(name, (this.#ownRequests.get(name) ?? 0) + 1);
      },
    };
  }

  #anchors(): PacedWork {
    const run = this;
    return {
      get nextAt() {
        return run.#nextAnchorAt;
      },
      tick: () => run.#anchor(),
    };
  }

  #anchor(): void {
    const t = this.clock.now();
    this.#nextAnchorAt = t + ANCHOR_INTERVAL_NS;
    this.recorder.record({ kind: "clock.anchor", ...this.clock.anchor(t) }, { t, u: 0 });
  }
}

function createLanes(options: ResolvedOptions, context: RunContext): LaneRunner[] {
  const lanes: LaneRunner[] = [];
  for (const path of options.paths) {
    const { target, token } = path;
    const heads = new HeadBook({ url: target.url, token, encode: encodeRequest, now: () => context.now().t });
    // A token that cannot be read at all is told to the caller now, and not to a timer later.
    heads.current();
    const setup = (): LaneSetup => ({ context, target, heads, ordinal: lanes.length });
    addLanes(options, path, setup, lanes);
  }
  return lanes;
}

function addLanes(options: ResolvedOptions, path: PathPlan, setup: () => LaneSetup, lanes: LaneRunner[]): void {
  const { held, idle, freshTcp, freshHello, freshTls, freshH2 } = options.lanes;
  const { requests, watch, slow } = path;
  if (held !== undefined) lanes.push(new HeldLane(setup(), { ...held, requests: path.source ?? inTurn(requests) }));
  if (idle !== undefined) lanes.push(new IdleLane(setup(), idle));
  if (freshTcp !== undefined) lanes.push(new FreshConnectLane(setup(), { lane: "fresh.tcp", pace: freshTcp }));
  if (freshHello !== undefined) lanes.push(new FreshConnectLane(setup(), { lane: "fresh.hello", pace: freshHello }));
  if (freshTls !== undefined) lanes.push(new FreshConnectLane(setup(), { lane: "fresh.tls", pace: freshTls }));
  if (freshH2 !== undefined) lanes.push(new FreshH2Lane(setup(), { pace: freshH2, requests: path.freshRequests }));
  if (watch !== null) lanes.push(new LongRequestLane(setup(), { lane: "watch", requests: watch }));
  if (slow !== null)
    lanes.push(new LongRequestLane(setup(), { lane: "slow", requests: slow, spacingNs: path.slowSpacingNs }));
}
