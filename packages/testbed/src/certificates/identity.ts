/** A certificate with its key, as `tls.createSecureContext` takes them: PEM. */
export interface Identity {
  /** The leaf, followed by its authority where a real server would send it. */
  readonly cert: string;
  readonly key: string;
}

/** Everything the testbed's servers may show to a client. */
export interface Certificates {
  /** PEM of the authority a client is told to trust. */
  readonly ca: string;
  /** Signed by {@link ca} for `127.0.0.1`, `::1`, `localhost` and `testbed.internal`. */
  readonly good: Identity;
  /** As {@link good}, but its time ended yesterday. */
  readonly expired: Identity;
  /** Signed by {@link ca} for `elsewhere.internal` only. */
  readonly wrongName: Identity;
  /** The right names, signed by an authority nobody was told of. */
  readonly unknownCa: Identity;
  /** Signed by {@link ca} for names with terminal escapes, markup, NUL and line breaks, and a thousand more. */
  readonly hostileNames: Identity;
  /** For a client, signed by {@link ca}. */
  readonly client: Identity;
}
