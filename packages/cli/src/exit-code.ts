import type { Summary } from "@drainprobe/core";
import { EXIT } from "./io.js";

/** The exit code that says what the verdict says. */
export function exitCodeOf({ verdict }: Pick<Summary, "verdict">): number {
  return EXIT[verdict];
}

/** Of several results the worst one: broken, then failed, then inconclusive. */
export function worstExitCode(codes: readonly number[]): number {
  return [EXIT.misuse, EXIT.fail, EXIT.inconclusive].find((code) => codes.includes(code)) ?? EXIT.pass;
}
