export { backoffNs } from "./backoff.js";
export { ClosedLoop } from "./closed-loop.js";
export { Limited } from "./limited.js";
export type { Pace } from "./pace.js";
export { Pacer, staggeredPhase } from "./pacer.js";
export { ReopenPace } from "./reopen-pace.js";
