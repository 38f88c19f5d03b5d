/** The flags of kube-apiserver that decide how it goes away. Absent: the server's own default. */
export interface ApiserverFlags {
  /** `--shutdown-delay-duration`: how long it serves on, not ready, after SIGTERM. Server's default: 0. */
  readonly shutdownDelayMs?: number;
  /** `--shutdown-send-retry-after`: 429 instead of a closed listener while it drains. Since v1.23. */
  readonly shutdownSendRetryAfter?: boolean;
  /** `--shutdown-watch-termination-grace-period`: watches are ended in order within it. Since v1.27. */
  readonly shutdownWatchGraceMs?: number;
  /** `--goaway-chance`, 0 to 0.02: GOAWAY on a healthy server. Since v1.18. */
  readonly goawayChance?: number;
  /** `--request-timeout`; it also bounds how long a shutdown waits for watches. Server's default: 60 s. */
  readonly requestTimeoutMs?: number;
  /** `--http2-max-streams-per-connection`. */
  readonly maxStreamsPerConnection?: number;
  /** Anything else, as the server takes it: `--name=value`. Comes last, so it wins. */
  readonly more?: readonly string[];
}

/** The command line for them. */
export function flagArguments(flags: ApiserverFlags): string[] {
  const args: string[] = [];
  const milliseconds = (name: string, value: number | undefined): void => {
    if (value !== undefined) args.push(`--${name}=${value}ms`);
  };
  milliseconds("shutdown-delay-duration", flags.shutdownDelayMs);
  milliseconds("shutdown-watch-termination-grace-period", flags.shutdownWatchGraceMs);
  milliseconds("request-timeout", flags.requestTimeoutMs);
  if (flags.shutdownSendRetryAfter !== undefined)
    args.push(`--shutdown-send-retry-after=${flags.shutdownSendRetryAfter}`);
  if (flags.goawayChance !== undefined) args.push(`--goaway-chance=${flags.goawayChance}`);
  if (flags.maxStreamsPerConnection !== undefined)
    args.push(`--http2-max-streams-per-connection=${flags.maxStreamsPerConnection}`);
  return [...args, ...(flags.more ?? [])];
}
