/** Every bound of the library, in one place. What falls over a bound is counted in the summary's `drops`. */
export const LIMITS = {
  /** GOAWAY debug data kept, in characters after escaping. */
  goawayDebugChars: 256,
  /** Text of a TLS or system error kept. */
  errorTextChars: 256,
  /** Largest decoded response header list (RFC 9113 §6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE). */
  maxHeaderListBytes: 64 * 1024,
  /** Streams reset by us whose late frames are still swallowed. */
  resetStreamsRemembered: 1024,
  /** Frames without use (PING, SETTINGS at ten, empty DATA, …) that a peer may send ahead of what it earns. */
  framesWithoutUse: 10_000,
  /** What each request or PING of ours, each response head and each frame of content earns a peer of them. */
  framesWithoutUseEarned: 100,
  /** An unanswered PING ends a connection after so many ping timeouts, even if the peer goes on sending something else. */
  pingTimeoutsWhileSending: 10,
  /** Lost sessions reopened at once before {@link LIMITS.reopensPerSecond} holds, and that rate, where no cap is given. */
  reopenBurst: 64,
  reopensPerSecond: 200,
  /** Connections open at once in one run. */
  maxConnections: 12_000,
  /** Requests waiting for a session, per lane and path. */
  queuedRequests: 1_000,
  /** Requests open at once, per lane and path. */
  inFlightRequests: 10_000,
  /** Our FIN waits this long for the peer's end before we reset. */
  closeTimeoutMs: 1_000,
  /** Records waiting for a slow reader of `probe.records()`. */
  recordQueue: 65_536,
  /** Encoded verdicts kept for the end of the log. */
  verdictBytes: 64 * 1024 * 1024,
  /** Incidents kept in a summary. */
  incidents: 10_000,
  /** The log is flushed at least this often. */
  flushIntervalMs: 50,
  /** Log bytes waiting for a slow disk before events are dropped (and counted). */
  logBacklogBytes: 256 * 1024 * 1024,
  /** Longest line of a log that is read. */
  logLineBytes: 16 * 1024 * 1024,
  /** Connections and requests whose end the fold awaits at once. */
  openConnections: 100_000,
  openRequests: 1_000_000,
  /** Ended attempts remembered for requests that are given up after them. */
  endedConnectionsRemembered: 1_024,
  /** GOAWAY frames kept of one connection. */
  goawaysKept: 32,
  /** Sequence numbers kept as evidence of one incident. */
  incidentEvidence: 1_024,
  /** Content read of a response that tells a backend's identity. */
  identityBytes: 64 * 1024,
  /** Largest answer of an API server that is read beside the probe. */
  apiAnswerBytes: 16 * 1024 * 1024,
  /** Lost writes whose objects are looked for at once. */
  ambiguousWrites: 1_000,
  /** Largest configuration, kubeconfig, certificate, key or token file. */
  credentialFileBytes: 4 * 1024 * 1024,
  /** Such a file that is a pipe or a terminal may say nothing for so long. */
  fileWaitMs: 5_000,
  /** Most that a credential plugin may print. */
  execOutputBytes: 1024 * 1024,
  /** Backends of which markers tell. */
  backends: 256,
  /** Names by which backends are known. */
  backendNames: 4_096,
  /** Markers kept of one backend. */
  backendMarkers: 16_384,
  /** Requests, attempts, connections and their ends remembered while a rollout is under way, of each as many. */
  rolloutSamples: 262_144,
  /** Incidents, and failed requests, that a rollout's summary lists in their phases. */
  placedFailures: 10_000,
  /** Longest line of a log file, and of a watch of the API, that is read for markers. */
  markerLineChars: 64 * 1024,
  apiLineChars: 4 * 1024 * 1024,
  /** Stretches of time in which something failed, read together over nodes and paths. */
  episodes: 500,
  /** Longest line of a foreign log that is explained; of a longer one the beginning. */
  explainLineChars: 16_384,
  /** Groups of failures, moments of rollouts, and parts of the input that an explanation keeps. */
  explainGroups: 10_000,
  explainMarkers: 10_000,
  explainParts: 10_000,
  /** Line numbers kept as evidence of one group or finding. */
  explainEvidence: 1_000,
  /** Problems listed by a replay; the others are counted. */
  replayProblems: 100,
} as const;
