import type { Verdict } from "@drainprobe/core";
import { type Expected, type ExpectedConnection, type ExpectedRequest, mismatches } from "@drainprobe/testbed";
import { type Assignment, assign } from "./assign.js";
import {
  connectionLabel,
  isConnection,
  isRequest,
  isUneventful,
  type Label,
  matchesConnection,
  matchesRequest,
  NOTHING_EXPECTED,
  NOTHING_SEEN,
  requestLabel,
} from "./labels.js";

/** One cell of the confusion matrix, with what this comparison adds to it. */
export interface MatrixCell {
  readonly expected: Label;
  readonly seen: Label;
  readonly count: number;
}

export interface Comparison {
  /** Empty when everything was named rightly. Each line says what was expected and what came instead. */
  readonly problems: readonly string[];
  readonly cells: readonly MatrixCell[];
  /** The engine was node, and the scenario says that node:http2 hides something: why. */
  readonly hidden: string | null;
}

/** What a probe said: its verdicts, and how many requests succeeded. */
export interface Said {
  readonly verdicts: readonly Verdict[];
  readonly ok: number;
}

/** Compares what a probe said with what a scenario expects: exactly that, and nothing else. */
export function compare(expected: Expected, said: Said, engine: "wire" | "node"): Comparison {
  const { connections, requests } = expectations(expected, engine);
  const conns = assign(connections, said.verdicts.filter(isConnection), matchesConnection);
  const reqs = assign(requests, said.verdicts.filter(isRequest), matchesRequest);
  const seen = {
    connections: said.verdicts.filter(isConnection),
    requests: said.verdicts.filter(isRequest),
    ok: said.ok,
  };
  return {
    problems: mismatches(expected, seen, engine),
    cells: [
      ...cellsOf({ ...conns, unexpected: conns.unexpected.filter((one) => !isUneventful(one)) }, connectionLabel),
      ...cellsOf({ ...reqs, unexpected: reqs.unexpected.filter(({ type }) => type !== "abandoned") }, requestLabel),
    ],
    hidden: engine === "node" ? (expected.nodeEngine?.why ?? null) : null,
  };
}

/** Is everything there that can be there before the probe is stopped? What we end ourselves comes only then. */
export function everythingSeen(expected: Expected, said: Said, engine: "wire" | "node"): boolean {
  const { connections, requests, minOk } = expectations(expected, engine);
  const early = connections.filter((one) => !isUneventful(one));
  const answered = requests.filter(({ type }) => type !== "abandoned");
  return (
    said.ok >= minOk &&
    assign(early, said.verdicts.filter(isConnection), matchesConnection).missing.length === 0 &&
    assign(answered, said.verdicts.filter(isRequest), matchesRequest).missing.length === 0
  );
}

interface Expectations {
  readonly connections: readonly ExpectedConnection[];
  readonly requests: readonly ExpectedRequest[];
  readonly minOk: number;
}

/** What is expected of this engine, by the rules that {@link mismatches} follows. */
function expectations(expected: Expected, engine: "wire" | "node"): Expectations {
  const note = engine === "node" ? expected.nodeEngine : undefined;
  return {
    connections: note?.connections ?? expected.connections,
    requests: note?.requests ?? expected.requests,
    minOk: note?.minOk ?? expected.minOk ?? 1,
  };
}

/** What was missed is laid beside what came unexpected: that is how one thing is taken for another. */
function cellsOf<E, S>({ matched, missing, unexpected }: Assignment<E, S>, label: (one: E | S) => Label): MatrixCell[] {
  const cells = matched.map(({ expected, seen }) => ({
    expected: label(expected),
    seen: label(expected),
    count: seen.length,
  }));
  for (let index = 0; index < Math.max(missing.length, unexpected.length); index++) {
    const wanted = missing[index];
    const got = unexpected[index];
    cells.push({
      expected: wanted === undefined ? NOTHING_EXPECTED : label(wanted),
      seen: got === undefined ? NOTHING_SEEN : label(got),
      count: 1,
    });
  }
  return cells.filter((cell) => cell.count > 0);
}
