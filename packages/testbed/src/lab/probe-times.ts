/**
 * The times of a lab's probe at speed 1, in ms. Shorter than those of `drainprobe run`: what a lab does to its servers takes seconds, not minutes.
 */
export const LAB_PROBE = {
  /** Not divided by the speed: a handshake takes a busy machine what it takes. */
  connectTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  pingIntervalMs: 250,
  pingTimeoutMs: 3_000,
  drainTimeoutMs: 15_000,
  /** Steady means: so long without an incident. */
  baselineMs: 4_000,
  /** How long it looks on after the rollout. */
  settleMs: 3_000,
} as const;
