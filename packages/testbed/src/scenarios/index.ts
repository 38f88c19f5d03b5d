import type { Scenario } from "../scenario.js";
import { ATTEMPT_SCENARIOS } from "./attempt.js";
import { BALANCER_SCENARIOS } from "./balancer.js";
import { FIN_SCENARIOS } from "./fin.js";
import { GOAWAY_SCENARIOS } from "./goaway.js";
import { HOSTILE_SCENARIOS } from "./hostile.js";
import { PROCESS_SCENARIOS } from "./process.js";
import { REQUEST_SCENARIOS } from "./requests.js";
import { RST_SCENARIOS } from "./rst.js";
import { SESSION_SCENARIOS } from "./session.js";
import { TLS_SCENARIOS } from "./tls.js";

/** Every scenario, in the order a report shows them. */
export const SCENARIOS: readonly Scenario[] = [
  ...GOAWAY_SCENARIOS,
  ...FIN_SCENARIOS,
  ...RST_SCENARIOS,
  ...PROCESS_SCENARIOS,
  ...SESSION_SCENARIOS,
  ...ATTEMPT_SCENARIOS,
  ...TLS_SCENARIOS,
  ...REQUEST_SCENARIOS,
  ...BALANCER_SCENARIOS,
];

export { HOSTILE_SCENARIOS };

/** The scenario of that name, or `undefined`. */
export function findScenario(name: string): Scenario | undefined {
  return [...SCENARIOS, ...HOSTILE_SCENARIOS].find((s) => s.name === name);
}
