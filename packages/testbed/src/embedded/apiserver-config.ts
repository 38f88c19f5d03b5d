/** What the program of an embedded API server is told, as JSON. Times are as they are to be: whoever writes it has divided them. */
export interface ApiserverConfig {
  /** `master-0`. */
  readonly name: string;
  /** Its own address, which it also tells others. */
  readonly host: string;
  readonly port: number;
  /** Further addresses to listen on: a VIP that this host's own traffic never leaves for. */
  readonly also: readonly { readonly host: string; readonly port: number }[];
  /** The store's socket. */
  readonly store: string;
  /** klog is appended to it. */
  readonly terminationLog: string;
  readonly pidFile: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** Bearer tokens it knows. */
  readonly tokens: readonly string[];
  readonly seed: number;
  readonly times: ApiserverTimes;
  readonly goawayChance: number;
  readonly sendRetryAfter: boolean;
  readonly historic: boolean;
}

/** In ms. */
export interface ApiserverTimes {
  /** From the start of the process to its listener. */
  readonly refusing: number;
  /** From the listener to /readyz 200. */
  readonly notReady: number;
  readonly shutdownDelay: number;
  /** `null`: watches hold the shutdown. */
  readonly watchGrace: number | null;
  readonly requestTimeout: number;
  /** From the last stream's end to the close, on a connection that was told GOAWAY. Go: 1 s. */
  readonly goawayLinger: number;
  /** How long a list of everything in all namespaces takes. */
  readonly listEverything: number;
}

/** What it tells whoever started it. */
export type ApiserverNews =
  | { readonly at: "listening" }
  | { readonly at: "ready" }
  /** No listener any more. */
  | { readonly at: "refusing" };
