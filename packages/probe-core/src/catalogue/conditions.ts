import type { VerdictType } from "../classify/verdict-types.js";
import { NANOS_PER_SECOND } from "../events/index.js";
import type { CatalogueFacts, Condition, FailureFact } from "./catalogue-types.js";

type Which = (failure: FailureFact) => boolean;

/** Some failure is like this. */
export function some(facts: CatalogueFacts, which: Which): boolean {
  return facts.failures.some(which);
}

/** Do those of a kind have something: `true` if one has, `null` if of none it is known. */
export function ofThese(
  facts: CatalogueFacts,
  which: Which,
  has: (failure: FailureFact) => boolean | null,
): boolean | null {
  const told = facts.failures.filter(which).map(has);
  if (told.includes(true)) return true;
  return told.length > 0 && told.every((each) => each === null) ? null : false;
}

/** At least so many connections lost within a second of each other. */
export function atOnce(facts: CatalogueFacts, which: Which, least: number): boolean {
  const lost = facts.failures.filter(which).sort((a, b) => a.t - b.t);
  let from = 0;
  let count = 0;
  for (const failure of lost) {
    count += failure.count;
    for (let first = lost[from]; first !== undefined && failure.t - first.t > NANOS_PER_SECOND; first = lost[from]) {
      count -= first.count;
      from += 1;
    }
    if (count >= least) return true;
  }
  return false;
}

export const isType =
  (...types: readonly VerdictType[]): Which =>
  ({ type }) =>
    types.includes(type);
export const both =
  (...all: readonly Which[]): Which =>
  (failure) =>
    all.every((which) => which(failure));

/** That stood, and was not ended as agreed. One that still stood when the run ended was not ended at all. */
export const onConnection: Which = ({ of, close }) => of === "connection" && close !== "graceful" && close !== "alive";
/** That was told to go, and kept what it was promised as far as could be seen. */
export const keptGoaway: Which = ({ of, type, close }) =>
  of === "connection" && type === "h2.goaway" && (close === "graceful" || close === "alive");
export const onAttempt: Which = ({ of }) => of === "attempt";
/** Not on a path that is known to go round the balancer. */
export const throughBalancer: Which = ({ balanced }) => balanced !== false;

/** A second from a failure, either way. */
export function near(failure: FailureFact): Which {
  return ({ t }) => Math.abs(t - failure.t) <= NANOS_PER_SECOND;
}

/** New connections on direct paths worked. */
export const DIRECT_PATHS_WELL: Condition = {
  text: "direct paths to the same servers had no failed attempt",
  holds: ({ paths }) => {
    const direct = paths.filter(({ balanced, attempted }) => !balanced && attempted > 0);
    return direct.length === 0 ? null : direct.every(({ failed }) => failed === 0);
  },
};

/** Some attempts on the balanced path worked. */
export const SOME_ATTEMPTS_WORKED: Condition = {
  text: "other attempts on the same path worked",
  holds: ({ paths }) => {
    const bad = paths.filter(({ balanced, failed }) => balanced && failed > 0);
    return bad.length === 0 ? null : bad.some(({ attempted, failed }) => failed < attempted);
  },
};

/** What no end of a connection can see: the reader knows it. */
export function known(text: string): Condition {
  return { text, holds: () => null };
}
