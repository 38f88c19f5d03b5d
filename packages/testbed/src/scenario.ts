/** What the probe is to do against a scenario, as plain data: the testbed knows nothing of the probe. */
export interface ProbePlan {
  readonly lanes: {
    readonly held?: { readonly sessions: number; readonly streams: number; readonly ratePerSecond: number };
    readonly idle?: { readonly sessions: number };
    readonly freshTcp?: { readonly ratePerSecond: number };
    readonly freshHello?: { readonly ratePerSecond: number };
    readonly freshTls?: { readonly ratePerSecond: number };
    readonly freshH2?: { readonly ratePerSecond: number };
    readonly watch?: { readonly paths: readonly string[] };
    readonly slow?: { readonly paths: readonly string[] };
  };
  readonly request?: { readonly method: string; readonly path: string; readonly body?: string };
  readonly requestTimeoutMs?: number;
  readonly pingIntervalMs?: number;
  readonly pingTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  /** The caller aborts its probe when this comes true (the `user abort` scenario). */
  readonly abortWhen?: "fault.fired";
}

/** A connection verdict that must come, in the drainprobe words. */
export interface ExpectedConnection {
  readonly lane: string;
  readonly close: string | null;
  readonly type: string | null;
  readonly closeNotify?: boolean | null;
  readonly goaways?: readonly { readonly lastStreamId?: number; readonly errorCode: number; readonly debug?: string }[];
  /** How many such connections; default exactly 1. */
  readonly count?: Range;
}

/** Failed (or abandoned) requests that must come. */
export interface ExpectedRequest {
  readonly scope: "connection" | "request";
  readonly type: string;
  readonly processed: "yes" | "no" | "maybe";
  readonly status?: number | null;
  readonly count?: Range;
}

/** Numbers from the first to the second, both included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * What must be seen: exactly these failures and no other. Three things need not be listed (where they are listed, they
 * must come): connections with `type: null` and close `alive` or `local`; connections with `close: null` and `type: null`
 * (attempts the end of the run cut short); requests of type `abandoned`, of which the end of a run leaves some.
 * {@link mismatches} in `match.ts` applies these rules.
 */
export interface Expected {
  readonly connections: readonly ExpectedConnection[];
  readonly requests: readonly ExpectedRequest[];
  /** Requests that must have succeeded, at least. Default 1 where the plan has requests. */
  readonly minOk?: number;
  /** Where node:http2 itself hides or changes something: what the `node` engine may report instead, and why. */
  readonly nodeEngine?: NodeEngineNote;
}

/** `connections` and `requests`, where given, replace those of {@link Expected} for the `node` engine. */
export interface NodeEngineNote {
  readonly connections?: readonly ExpectedConnection[];
  readonly requests?: readonly ExpectedRequest[];
  readonly minOk?: number;
  readonly why: string;
}

/** A scenario being played. */
export interface Running {
  /** `https://127.0.0.1:PORT` or `http://…`. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; `null` for h2c. */
  readonly ca: string | null;
  readonly serverName: string | null;
  readonly connectTo: string | null;
  /** The fault has been done to its connection. */
  readonly fired: Promise<void>;
  /**
   * The fault is fully played and, where there is one, a later connection has worked: nothing more to see, the caller may
   * stop its probe. Where the testbed cannot see the client (`refused`, `unreachable`, `connect-timeout`) it is a span of
   * time instead, and a caller does well to wait on until it has seen what is expected at least.
   */
  readonly settled: Promise<void>;
  /** Ends everything; resolves when no socket of it is left. */
  close(): Promise<void>;
}

/** A complete story: a server, what a probe should do, and the verdicts that must come of it. */
export interface Scenario {
  /** kebab-case, unique. */
  readonly name: string;
  /** One line for people: what the server or balancer does. */
  readonly title: string;
  /** Part of the one-second self-test. */
  readonly selfTest: boolean;
  /** Wants something not every machine has: `linux`, `root`. */
  readonly needs?: readonly ("linux" | "root")[];
  readonly plan: ProbePlan;
  readonly expected: Expected;
  start(seed: number): Promise<Running>;
}
