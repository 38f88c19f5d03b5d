import type { SecureContext } from "node:tls";
import type { Incident, Verdict } from "./classify/verdict-types.js";
import type { LocalCloseReason, SelfTestResult } from "./events/index.js";
import type { IdentityQuestion } from "./io/contract.js";
import type { FreshPace } from "./io/lanes/fresh-pace.js";
import type { RequestSource } from "./io/request-source.js";
import type { RunSink } from "./sinks/run-sink.js";
import type { Thresholds } from "./verdict/summary-types.js";

/** One way to the service. */
export interface PathOptions {
  /** Shown in every record. Unique in a run. */
  readonly name: string;
  /** `https://host:port` or `http://host:port` (h2c with prior knowledge). A path in it is the default request's. */
  readonly url: string;
  /** Connect here instead of resolving the host: `10.0.0.2:6443`. */
  readonly connectTo?: string;
  /** Certificate authorities, PEM. Default: those of Node. */
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /**
   * Instead of `ca`, `cert` and `key`, for credentials that rotate: asked at each new connection, so it is to give the same context
   * until something has changed. It may throw `CREDENTIALS_UNREADABLE` the first time, when the options are checked, and never later.
   */
  readonly secureContext?: () => SecureContext;
  /** Sent as `authorization: Bearer …`; asked again for each new connection. */
  readonly token?: () => string;
  /** Name to check the certificate against and to send as SNI. Default: the host of `url`. */
  readonly serverName?: string;
  /** Default `true`. Every output says so when it is `false`. */
  readonly verify?: boolean;
  /** Asked on this path to learn which backend answers. `@drainprobe/core/kube` has one for Kubernetes. */
  readonly identity?: IdentityQuestion;
  /** Where the held lane takes its requests from, instead of `requests`. A source serves one path of one run. */
  readonly source?: RequestSource;
}

/** What to ask for: `GET /version`, or with a body. */
export interface RequestOptions {
  readonly method: string;
  /** Absolute path, with query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** The lanes to run on every path. A lane left out does not run. */
export interface LaneOptions {
  /** `sessions` connections; up to `streams` requests open on each; `ratePerSecond` requests in all, on each path. */
  readonly held?: { readonly sessions: number; readonly streams: number; readonly ratePerSecond: number };
  readonly idle?: { readonly sessions: number };
  readonly freshTcp?: FreshPace;
  /** A ClientHello, closed when it is answered: it proves that a process answers, and not only the backlog of its kernel. */
  readonly freshHello?: FreshPace;
  readonly freshTls?: FreshPace;
  readonly freshH2?: FreshPace;
  /** One long-running GET for each path given; reopened when it ends. */
  readonly watch?: { readonly paths: readonly string[] };
  /** One long request at a time for each path given, the next when it ended, or `everyMs` after its start if that is later. */
  readonly slow?: { readonly paths: readonly string[]; readonly everyMs?: number };
}

/** Hard caps on the load of a run, over all paths and lanes. */
export interface LoadCaps {
  /** Connections open at once. */
  readonly connections?: number;
  /** New connections a second: those the fresh lanes ask for, and beside them the reopening of lost sessions. */
  readonly newConnectionsPerSecond?: number;
  readonly requestsPerSecond?: number;
}

/** Options of {@link createProbe}. Times are ms because people write them; inside, all is ns. */
export interface ProbeOptions {
  /** The one way to the service, or its URL; shown as the path `target`. This or `paths`. */
  readonly target?: string | Omit<PathOptions, "name">;
  /** Several ways to the service, each with the same lanes at the same time. This or `target`. */
  readonly paths?: readonly PathOptions[];
  /** The lanes to run on every path, in one object or as a list: `[held(), fresh({ kind: "tcp" })]`. */
  readonly lanes: LaneOptions | readonly LaneOptions[];
  /**
   * Taken in turn by held (where the path has no `source`) and fresh.h2. Default: GET of the path in each `url`; for fresh.h2 on
   * a path with an `identity`, its question.
   */
  readonly requests?: readonly RequestOptions[];
  readonly engine?: "wire" | "node";
  /** Default 10 000. */
  readonly requestTimeoutMs?: number;
  /** Default 250. */
  readonly pingIntervalMs?: number;
  /** Default 2 000. */
  readonly pingTimeoutMs?: number;
  /** Default 5 000, for TCP and TLS together. */
  readonly connectTimeoutMs?: number;
  /** How long a connection may stay open after its GOAWAY. Default 15 000. */
  readonly drainTimeoutMs?: number;
  /** Stop by itself after this long. Default: only `stop()` ends it. */
  readonly durationMs?: number;
  readonly thresholds?: Thresholds;
  /** Name of this host in the log. Default: `os.hostname()`. */
  readonly node?: string;
  /** JSONL log to write. Refused if it exists, unless `overwriteLog`. */
  readonly log?: string;
  readonly overwriteLog?: boolean;
  /** Most bytes that the log may take on the disk: it is then written in parts, and the oldest ones go. Default: no bound. */
  readonly maxLogBytes?: number;
  /** What the run must not put on its target; lanes that ask for more are refused. Default: the bounds of `docs/limits.md`. */
  readonly caps?: LoadCaps;
  readonly signal?: AbortSignal;
  /** Awaited when every connection is closed, before the log's footer: companions may still record what they found out. */
  readonly beforeFooter?: () => Promise<void>;
  /** The self-test made before this run: goes into the log's header and into the summary. */
  readonly selfTest?: SelfTestResult;
  /** Called once for each verdict, as it becomes final: the fold's order, which depends on the log alone. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Called when an incident is complete: its connection is closed and its casualties are known. */
  readonly onIncident?: (incident: Incident) => void;
  /** Each gets every record, verdict and incident, beside the log. */
  readonly sinks?: readonly RunSink[];
}

/** Reasons for which a caller may end a run. */
export type StopReason = Extract<LocalCloseReason, "run.ended" | "aborted">;
