import { it } from "vitest";
import { check, type Expectation } from "./check.js";
import { type Engine, type Observed, observe } from "./observe.js";
import type { RunWatch } from "./run-watch.js";
import type { RealServer } from "./servers/server.js";
import { checkAgainstPackets, report } from "./table.js";

/** One server and what is done to it. */
export interface Case<S extends RealServer> {
  /** As in the table: `stopped at once (SIGTERM)`. */
  readonly action: string;
  readonly start: () => Promise<S>;
  readonly act: (server: S) => void | Promise<void>;
  readonly enough: (run: RunWatch, server: S) => Promise<void>;
  readonly expected: Expectation;
}

/** A machine too busy for the probe gets another chance: an inconclusive run says of itself that it proves nothing. */
const ATTEMPTS = 3;

const engine = (process.env.DRAINPROBE_ENGINE ?? "wire") as Engine;

/** Makes a test of a case. The environment's DRAINPROBE_ENGINE chooses the engine; default `wire`. */
export function play<S extends RealServer>(testCase: Case<S>): void {
  it(testCase.action, async () => {
    for (let attempt = 1; ; attempt += 1) {
      const { title, observed } = await playOnce(testCase);
      // Right or wrong, the packets must agree: a busy machine is no excuse for that.
      checkAgainstPackets(observed);
      const { insufficient } = observed.summary.coverage;
      if (insufficient.length > 0 && attempt < ATTEMPTS) {
        console.log(
          `${title} ${testCase.action}: attempt ${attempt} says it is inconclusive (${insufficient.join("; ")})`,
        );
        continue;
      }
      report(title, testCase.action, observed);
      check(observed, testCase.expected, engine);
      return;
    }
  });
}

async function playOnce<S extends RealServer>(testCase: Case<S>): Promise<{ title: string; observed: Observed }> {
  await using server = await testCase.start();
  const observed = await observe(server, {
    engine,
    act: () => testCase.act(server),
    enough: (run) => testCase.enough(run, server),
  });
  return { title: server.title, observed };
}
