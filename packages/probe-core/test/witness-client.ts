import { createSecureContext } from "node:tls";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import type { Timer } from "../src/clock/clock.js";
import { SystemClock } from "../src/clock/system-clock.js";
import type { EventKind, EventOf, ProbeEvent } from "../src/events/index.js";
import type { OpenOptions, Target, TargetTls, WitnessedConnection } from "../src/io/contract.js";
import { openConnection } from "../src/io/open-connection.js";
import { EventRecorder } from "../src/io/recorder.js";
import type { Resolver } from "../src/io/resolver.js";

/** Counts timers that neither ran nor were cancelled. */
class CountingClock extends SystemClock {
  readonly pending = new Set<object>();
  override setTimer(delayNs: number, run: () => void): Timer {
    const token = {};
    this.pending.add(token);
    const timer = super.setTimer(delayNs, () => {
      this.pending.delete(token);
      run();
    });
    return {
      cancel: () => {
        this.pending.delete(token);
        timer.cancel();
      },
    };
  }
}

export const clock = new CountingClock();

/** One connection and everything heard of it. */
export interface Heard {
  readonly conn: WitnessedConnection;
  readonly events: readonly ProbeEvent[];
  /** `ready`, `bytes`, `ended`, `closed`, in the order they were heard; `bytes` not repeated. */
  readonly calls: readonly string[];
  readonly received: () => Buffer;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly closed: Promise<void>;
  kinds(): EventKind[];
  one<K extends EventKind>(kind: K): EventOf<K>;
}

export interface ClientOptions extends Partial<OpenOptions> {
  readonly tls: boolean;
  readonly tlsOverrides?: Partial<TargetTls>;
  readonly ca?: string;
  readonly url?: string;
  readonly host?: string | null;
  readonly resolve?: Resolver;
  readonly onReady?: (conn: WitnessedConnection) => void;
}

let lastId = 0;

export async function open(port: number, options: ClientOptions): Promise<Heard> {
  const ca = options.ca ?? (await certificates()).ca;
  const context = createSecureContext({ ca });
  const target: Target = {
    path: "test",
    url: new URL(options.url ?? `${options.tls ? "https" : "http"}://localhost:${port}`),
    connectTo: options.host === null ? null : { host: options.host ?? "127.0.0.1", port },
    tls: options.tls ? { secureContext: () => context, serverName: null, verify: true, ...options.tlsOverrides } : null,
  };
  const recorder = new EventRecorder(clock);
  const events: ProbeEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const calls: string[] = [];
  const chunks: Uint8Array[] = [];
  const [ready, ended, closed] = [deferred(), deferred(), deferred()];
  const conn = openConnection(
    target,
    {
      lane: options.lane ?? "held",
      intended: null,
      until: options.until ?? "tls",
      connectTimeoutNs: options.connectTimeoutNs ?? 5_000_000_000,
    },
    {
      onReady: () => {
        calls.push("ready");
        options.onReady?.(conn);
        ready.resolve();
      },
      onBytes: (bytes) => {
        if (calls.at(-1) !== "bytes") calls.push("bytes");
        chunks.push(Uint8Array.from(bytes));
      },
      onEnded: () => {
        calls.push("ended");
        ended.resolve();
      },
      onClosed: () => {
        calls.push("closed");
        closed.resolve();
      },
    },
    {
      recorder,
      clock,
      nextConnectionId: () => ++lastId,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    },
  );
  return {
    conn,
    events,
    calls,
    received: () => Buffer.concat(chunks),
    ready: ready.promise,
    ended: ended.promise,
    closed: closed.promise,
    kinds: () => events.map(({ kind }) => kind),
    one(kind) {
      const found = events.filter((event) => event.kind === kind);
      if (found.length !== 1) throw new Error(`${found.length} × ${kind} in ${events.map((e) => e.kind).join(" ")}`);
      return found[0] as EventOf<typeof kind>;
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A small seeded generator (mulberry32), so that a failing trial can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
