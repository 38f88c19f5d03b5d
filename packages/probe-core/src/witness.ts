import { SystemClock } from "./clock/system-clock.js";
import type { LogRecord, Nanos, ProbeEvent } from "./events/index.js";
import { encodeRequest } from "./h2/request-head.js";
import { Alarms } from "./io/alarms.js";
import { ConnectionTable } from "./io/connection-table.js";
import { Flusher } from "./io/flusher.js";
import { openConnection } from "./io/open-connection.js";
import type { OpenRequest } from "./io/open-request.js";
import { EventRecorder } from "./io/recorder.js";
import { HeadBook } from "./io/request-template.js";
import { Session } from "./io/session.js";
import { Ticker } from "./io/ticker.js";
import { WireEngine } from "./io/wire-engine.js";
import { LIMITS } from "./limits.js";
import { resolveOptions } from "./options/resolve-options.js";
import type { PathOptions, RequestOptions } from "./probe-options.js";
import { RecordReaders } from "./record-readers.js";

/** Options of {@link witness}. */
export interface WitnessOptions extends Omit<PathOptions, "name" | "url" | "source" | "identity"> {
  /** Sent as soon as the server's SETTINGS have come, each once. Default: the GET of the path in the URL. */
  readonly requests?: readonly RequestOptions[];
  /** Default 250. */
  readonly pingIntervalMs?: number;
  /** Default 5 000, for TCP and TLS together. */
  readonly connectTimeoutMs?: number;
  /** Closes the connection. */
  readonly signal?: AbortSignal;
}

/** One connection under observation. */
export interface WitnessedSession extends AsyncIterable<ProbeEvent>, AsyncDisposable {
  /** Everything seen so far on this one connection, in order; the last event of all is `tcp.closed`, unless it never connected. */
  readonly events: readonly ProbeEvent[];
  /** Our GOAWAY and FIN. Resolves when the socket is gone. */
  close(): Promise<void>;
}

/** Facts kept in {@link WitnessedSession.events}. */
const KEPT = LIMITS.recordQueue;

/**
 * Opens one HTTP/2 connection and tells what each of its layers does until it is gone: no lanes, no verdicts. The iteration ends with
 * the connection. A failure of the network is an event. Throws `OPTIONS_INVALID` and `CREDENTIALS_UNREADABLE`.
 */
export function witness(url: string, options: WitnessOptions = {}): WitnessedSession {
  return new OneSession(url, options);
}

class OneSession implements WitnessedSession {
  readonly events: ProbeEvent[] = [];
  readonly #readers = new RecordReaders();
  readonly #connections: ConnectionTable;
  readonly #ticker: Ticker;
  readonly #gone: Promise<void>;

  constructor(url: string, { requests, pingIntervalMs, connectTimeoutMs, signal, ...path }: WitnessOptions) {
    const resolved = resolveOptions({
      target: { ...path, url },
      lanes: { held: { sessions: 1, streams: LIMITS.inFlightRequests, ratePerSecond: 1 } },
      ...(requests === undefined ? {} : { requests }),
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    });
    const plan = resolved.paths[0];
    if (plan === undefined) throw new Error("options that are valid have a path");
    const clock = new SystemClock();
    const recorder = new EventRecorder(clock);
    recorder.subscribe((event) => {
      if (this.events.length < KEPT) this.events.push(event);
      this.#readers.push(event);
    });
    const deps = { recorder, clock, nextConnectionId: () => 1 };
    this.#connections = new ConnectionTable((target, open, listener) => openConnection(target, open, listener, deps));
    const heads = new HeadBook({
      url: plan.target.url,
      token: plan.token,
      encode: encodeRequest,
      now: () => clock.now(),
    });
    const alarms = new Alarms();
    this.#gone = new Promise((resolve) => {
      new Session(
        {
          now: () => ({ t: clock.now(), u: 0 }),
          recorder,
          timing: resolved.timing,
          connections: this.#connections,
          flusher: new Flusher(),
          alarms,
          engine: (connection) => new WireEngine(connection),
          nextRequestId: () => 1,
          onOwnRequest: () => {},
        },
        {
          target: plan.target,
          lane: "held",
          intended: null,
          maxStreams: LIMITS.inFlightRequests,
          heads: heads.current(),
        },
        {
          onReady: (ready, at) => {
            for (const [index, template] of plan.requests.entries()) {
              const state: OpenRequest["state"] = { kind: "queued", waitingFor: null };
              const deadline: Nanos = Number.POSITIVE_INFINITY;
              ready.request({ id: index + 1, template, intended: at.t, deadline, state, announced: false, status: 0 });
            }
          },
          onLost: () => {},
          onRequestDone: () => {},
          onClosed: () => resolve(),
        },
      );
    });
    this.#ticker = new Ticker(clock, [], [alarms]);
    this.#ticker.start();
    const abort = (): void => void this.close();
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted === true) abort();
    void this.#gone.then(() => {
      signal?.removeEventListener("abort", abort);
      this.#ticker.stop();
      this.#readers.end();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<ProbeEvent> {
    return (this.#readers.open() as AsyncIterable<LogRecord & ProbeEvent>)[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#connections.closeAll("aborted", LIMITS.closeTimeoutMs * 3);
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
