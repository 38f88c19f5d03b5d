import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulateRun } from "../../../test/connection-simulator.js";
import { wall } from "../../../test/rollout-trace.js";
import { foldAll, HEADER } from "../../../test/trace-builder.js";
import { encodeVerdict } from "../../classify/encode-verdict.js";
import { type Fact, type LogRecord, MARKER_SOURCES, MARKERS, type ProbeEvent } from "../../events/index.js";
import { createFold } from "../fold.js";
import { PHASES, type RolloutSummary } from "./rollout-types.js";

const name = fc.constantFrom("m0", "m1", "10.0.0.2:6443", "10.0.0.5:6443", "ff");
const kubeFact: fc.Arbitrary<(t: number) => Fact> = fc.oneof(
  fc
    .record({
      source: fc.constantFrom(...MARKER_SOURCES),
      backend: name,
      marker: fc.constantFrom(...MARKERS),
      skewMs: fc.option(fc.integer({ min: -2_000, max: 2_000 })),
      resolutionMs: fc.integer({ min: 0, max: 1_000 }),
    })
    .map(
      ({ skewMs, resolutionMs, ...rest }) =>
        (t: number): Fact => ({
          kind: "rollout.marker",
          saidAt: skewMs === null ? null : wall(Math.max(0, t + skewMs * 1e6)),
          resolutionNs: resolutionMs * 1e6,
          detail: null,
          ...rest,
        }),
    ),
  fc
    .record({
      conn: fc.integer({ min: 1, max: 20 }),
      backend: name,
      by: fc.constantFrom("certificate", "api", "disruption.header"),
    })
    .map((fact) => (): Fact => ({ kind: "backend.identified", ...fact }) as Fact),
  fc
    .record({ backend: name, alias: name, by: fc.constantFrom("option", "certificate", "api", "pod") })
    .map((fact) => (): Fact => ({ kind: "backend.named", ...fact }) as Fact),
  fc
    .record({
      request: fc.integer({ min: 1, max: 50 }),
      conn: fc.constant(1),
      applied: fc.constantFrom("yes", "no", "unknown"),
    })
    .map((fact) => (): Fact => ({ kind: "write.resolved", ...fact }) as Fact),
);

/** A run that may have happened, with what may have been told of its backends put anywhere into it. */
const runs = fc
  .record({
    seed: fc.nat(),
    steps: fc.integer({ min: 1, max: 150 }),
    told: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), fact: kubeFact }), {
      minLength: 1,
      maxLength: 40,
    }),
  })
  .map(({ seed, steps, told }): ProbeEvent[] => {
    const { trace } = simulateRun(seed, steps);
    const events: (Fact & { t: number; u: number })[] = trace.events.map(({ seq, ...event }) => {
      void seq;
      return event;
    });
    const last = events.at(-1)?.t ?? 0;
    for (const { at, fact } of told) {
      const t = Math.floor(at * last);
      const index = events.findIndex((event) => event.t > t);
      events.splice(index === -1 ? events.length : index, 0, { ...fact(t), t, u: 1 });
    }
    return events.map((event, index) => ({ ...event, seq: index + 1 }) as ProbeEvent);
  });

function expectSane(rollout: RolloutSummary): void {
  for (const each of rollout.rollouts) {
    for (const lag of [each.removalLagNs, each.reAddLagNs, each.delayNs, each.beforeReady]) {
      if (lag !== null) expect(lag).toBeGreaterThanOrEqual(0);
    }
    let before = Number.NEGATIVE_INFINITY;
    let order = -1;
    for (const { phase, from, to } of each.phases) {
      expect(PHASES.indexOf(phase)).toBeGreaterThan(order);
      order = PHASES.indexOf(phase);
      expect(from?.t ?? before).toBeGreaterThanOrEqual(before);
      expect(from?.errorNs ?? 0).toBeGreaterThanOrEqual(0);
      before = from?.t ?? before;
      if (to !== null) expect(to).toBeGreaterThanOrEqual(before);
    }
    expect(each.acceptedAfterT0).toBeLessThanOrEqual(each.watchedAfterT0);
    expect(each.ownLateConnections ?? 0).toBeLessThanOrEqual(each.acceptedAfterT0);
    const { total, completed, turnedAway, cut, abandoned } = each.inFlight;
    expect(completed + turnedAway + cut + abandoned).toBe(total);
    expect(each.connectionsBroken).toBeLessThanOrEqual(each.connectionsEnded);
  }
  for (const { sinceT0Ns, by, backend } of [...rollout.incidents, ...rollout.requests]) {
    if (sinceT0Ns !== null) expect(sinceT0Ns).toBeGreaterThanOrEqual(0);
    expect(by === null).toBe(backend === null);
  }
  const sum = (pick: (count: RolloutSummary["byPhase"][number]) => number): number =>
    rollout.byPhase.reduce((total, count) => total + pick(count), 0);
  expect(sum(({ incidents }) => incidents)).toBe(rollout.incidents.length);
  expect(sum(({ requests }) => requests)).toBe(rollout.requests.length);
}

describe("for any run and any markers", () => {
  test("any prefix folds: no lag is negative, phases are in order, counts add up", () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0, max: 1, noNaN: true }), (events, share) => {
        const { summary } = foldAll([HEADER, ...events.slice(0, Math.ceil(events.length * share))]);
        if (summary.rollout !== null && summary.rollout !== undefined) expectSane(summary.rollout);
        expect(summary.verdict).not.toBe("pass");
        const { clientGo } = summary;
        if (clientGo === null || clientGo === undefined) return;
        for (const { fates, retriesExhausted } of [clientGo.kubeletGet, clientGo.controllerPost]) {
          expect(Object.values(fates).reduce((total, count) => total + count, 0)).toBe(clientGo.requests);
          expect(retriesExhausted).toBeLessThanOrEqual(fates.retried);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("markers change no verdict on a connection or a request", () => {
    fc.assert(
      fc.property(runs, (events) => {
        const without = events.filter(({ kind }) => !/^(rollout|backend|write|run\.phase)/.test(kind));
        const facts = (verdicts: readonly { readonly evidence: readonly number[] }[]): string[] =>
          verdicts.map((verdict) => JSON.stringify({ ...verdict, evidence: verdict.evidence.length }));
        expect(facts(foldAll([HEADER, ...events]).verdicts)).toEqual(facts(foldAll([HEADER, ...without]).verdicts));
      }),
      { numRuns: 100 },
    );
  });

  test("a replay of the log gives the live summary, byte for byte, however often the live one was looked at", () => {
    fc.assert(
      fc.property(runs, (events) => {
        const log: LogRecord[] = [HEADER, ...events];
        const live = createFold();
        for (const record of log) {
          live.push(record);
          live.snapshot();
        }
        const replayed = foldAll(JSON.parse(JSON.stringify(log)) as LogRecord[]);
        expect(JSON.stringify(replayed.summary)).toBe(JSON.stringify(live.finish()));
        expect(replayed.verdicts.map(encodeVerdict)).toEqual(foldAll(log).verdicts.map(encodeVerdict));
      }),
      { numRuns: 100 },
    );
  });
});
