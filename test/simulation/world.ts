import { FakeClock } from "../../packages/probe-core/src/clock/fake-clock.js";
import type { ProbeEvent } from "../../packages/probe-core/src/events/index.js";
import { encodeRequest } from "../../packages/probe-core/src/h2/request-head.js";
import { Alarms } from "../../packages/probe-core/src/io/alarms.js";
import { ConnectionTable } from "../../packages/probe-core/src/io/connection-table.js";
import type { Target } from "../../packages/probe-core/src/io/contract.js";
import type { Flushable, Flusher } from "../../packages/probe-core/src/io/flusher.js";
import { FreshConnectLane } from "../../packages/probe-core/src/io/lanes/fresh-connect.js";
import { FreshH2Lane } from "../../packages/probe-core/src/io/lanes/fresh-h2.js";
import { HeldLane } from "../../packages/probe-core/src/io/lanes/held.js";
import { IdleLane } from "../../packages/probe-core/src/io/lanes/idle.js";
import type { LaneRunner, LaneSetup } from "../../packages/probe-core/src/io/lanes/lane.js";
import { LongRequestLane } from "../../packages/probe-core/src/io/lanes/long-request.js";
import { EventRecorder } from "../../packages/probe-core/src/io/recorder.js";
import { inTurn } from "../../packages/probe-core/src/io/request-source.js";
import { HeadBook, type RequestTemplate } from "../../packages/probe-core/src/io/request-template.js";
import type { RunContext } from "../../packages/probe-core/src/io/run-context.js";
import { Ticker } from "../../packages/probe-core/src/io/ticker.js";
import { WireEngine } from "../../packages/probe-core/src/io/wire-engine.js";
import { LIMITS } from "../../packages/probe-core/src/limits.js";
import { ReopenPace } from "../../packages/probe-core/src/schedule/index.js";
import { Chance } from "../../packages/probe-core/test/connection-simulator.js";
import { SimulatedConnection } from "./connection.js";

const MS = 1_000_000;
const HOST = new URL("https://api:6443/");

/** What a simulated run left behind. */
export interface SimulatedRun {
  readonly events: readonly ProbeEvent[];
  readonly scheduled: Readonly<Record<string, number>>;
  readonly connections: readonly SimulatedConnection[];
  /** Most connections open at once. */
  readonly mostOpen: number;
  /** Connections and timers that outlived the run. */
  readonly left: number;
  readonly timersLeft: number;
  readonly streams: number;
  readonly durationNs: number;
}

/** Writes at the end of the turn, as the real one does: a turn here is one timer of the clock. */
class TurnFlusher {
  #waiting: Flushable[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  mark(item: Flushable): void {
    if (this.#waiting.push(item) > 1) return;
    this.#clock.setTimer(0, () => {
      const items = this.#waiting;
      this.#waiting = [];
      for (const each of items) each.flush();
    });
  }
}

/**
 * Runs the probe's own lanes, sessions and HTTP/2 client against peers, a network and a clock that are made of one seed. Nothing
 * in it is real but the code under test; the same seed gives the same log, byte for byte.
 */
export async function simulate(seed: number): Promise<SimulatedRun> {
  const chance = new Chance(seed);
  const clock = new FakeClock({ u: chance.below(MS) });
  const recorder = new EventRecorder(clock);
  const events: ProbeEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const connections: SimulatedConnection[] = [];
  let outage: "none" | "refused" | "lost" = "none";
  const limit = chance.maybe(0.1) ? 2 + chance.below(4) : LIMITS.maxConnections;
  let requests = 0;
  let open = 0;
  let mostOpen = 0;
  const table = new ConnectionTable((target, options, listener) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    const net = { clock, chance, recorder, nextId: () => connections.length + 1, outage: () => outage };
    const connection = new SimulatedConnection(net, target, options, {
      ...bind(listener),
      onClosed: (at) => {
        open -= 1;
        listener.onClosed(at);
      },
    });
    connections.push(connection);
    return connection;
  }, limit);
  const streams = 1 + chance.below(4);
  const alarms = new Alarms();
  const context: RunContext = {
    now: () => ({ t: clock.now(), u: 0 }),
    recorder,
    timing: {
      requestTimeoutNs: (100 + chance.below(400)) * MS,
      pingIntervalNs: (20 + chance.below(100)) * MS,
      pingTimeoutNs: (50 + chance.below(200)) * MS,
      connectTimeoutNs: (50 + chance.below(200)) * MS,
      drainTimeoutNs: chance.below(300) * MS,
    },
    connections: table,
    reopening: new ReopenPace({
      ratePerSecond: 5 + chance.below(200),
      burst: 1 + chance.below(4),
      chance: () => chance.next(),
    }),
    flusher: new TurnFlusher(clock) as unknown as Flusher,
    alarms,
    engine: (connection) => new WireEngine(connection),
    nextRequestId: () => ++requests,
    onOwnRequest: () => {},
  };
  const lanes = lanesOf(context, chance, streams);
  const durationNs = (300 + chance.below(1_200)) * MS;
  const ticker = new Ticker(
    clock,
    lanes.flatMap((lane) => (lane.paced === null ? [] : [lane.paced])),
    [alarms, ...lanes],
  );
  recorder.record({ kind: "clock.anchor", ...clock.anchor() }, { t: 0, u: 0 });
  for (const lane of lanes) lane.start(0);
  ticker.start();
  while (clock.now() < durationNs) {
    clock.advance((1 + chance.below(30)) * MS);
    for (const connection of connections.slice(-20)) connection.peer.tick();
    if (chance.maybe(0.03)) outage = chance.pick(["none", "none", "refused", "lost"]);
    // The process was stopped for a while: timers come late, bytes have piled up.
    if (chance.maybe(0.01)) recorder.record({ kind: "process.stall", durationNs: 100 * MS });
  }
  ticker.stop();
  const reason = chance.maybe(0.9) ? "run.ended" : "aborted";
  for (const lane of lanes) lane.stop(reason);
  const closing = table.closeAll(reason, 60_000);
  clock.advance(2_000 * MS);
  const left = table.size;
  // With connections left it would wait for a minute of real time; then there is something to tell anyway.
  if (left === 0) await closing;
  const scheduled = Object.fromEntries(lanes.map((lane) => [`${lane.path}/${lane.lane}`, lane.scheduled]));
  return { events, scheduled, connections, mostOpen, left, timersLeft: clock.pendingTimers, streams, durationNs };
}

function bind(listener: Parameters<ConnectionTable["open"]>[2]): Parameters<ConnectionTable["open"]>[2] {
  return {
    onReady: (at) => listener.onReady(at),
    onBytes: (bytes, at) => listener.onBytes(bytes, at),
    onEnded: (at) => listener.onEnded(at),
    onClosed: (at) => listener.onClosed(at),
  };
}

function lanesOf(context: RunContext, chance: Chance, streams: number): LaneRunner[] {
  const lanes: LaneRunner[] = [];
  const target: Target = {
    path: "vip",
    url: HOST,
    connectTo: null,
    tls: { secureContext: () => ({}) as never, serverName: null, verify: true },
  };
  const heads = new HeadBook({ url: HOST, token: null, encode: encodeRequest, now: () => context.now().t });
  const setup = (): LaneSetup => ({ context, target, heads, ordinal: lanes.length });
  const rate = (): { ratePerSecond: number } => ({ ratePerSecond: 1 + chance.below(30) });
  const get = template("GET", null);
  const requests = [get, template(chance.pick(["GET", "POST", "DELETE"]), null)] as const;
  if (chance.maybe(0.8)) {
    const source = inTurn([...requests, template("POST", new Uint8Array(chance.below(3_000)))]);
    lanes.push(new HeldLane(setup(), { sessions: 1 + chance.below(3), streams, ...rate(), requests: source }));
  }
  if (chance.maybe(0.4)) lanes.push(new IdleLane(setup(), { sessions: 1 + chance.below(2) }));
  if (chance.maybe(0.4)) lanes.push(new FreshConnectLane(setup(), { lane: "fresh.tcp", pace: rate() }));
  if (chance.maybe(0.4)) lanes.push(new FreshConnectLane(setup(), { lane: "fresh.tls", pace: rate() }));
  if (chance.maybe(0.5)) lanes.push(new FreshH2Lane(setup(), { pace: rate(), requests: [...requests] }));
  if (chance.maybe(0.3)) lanes.push(new LongRequestLane(setup(), { lane: "watch", requests: [get] }));
  if (chance.maybe(0.3) || lanes.length === 0)
    lanes.push(new LongRequestLane(setup(), { lane: "slow", requests: [get] }));
  return lanes;
}

function template(method: string, body: Uint8Array | null): RequestTemplate {
  const headers = body === null ? [] : ([["content-length", String(body.length)]] as const);
  return { method, url: `${HOST.href}a`, path: "/a", headers, body };
}
