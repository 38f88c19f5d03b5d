import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulateRun } from "../../test/connection-simulator.js";
import { foldAll, HEADER } from "../../test/trace-builder.js";
import { encodeVerdict } from "../classify/encode-verdict.js";
import type { LogRecord, ProbeEvent } from "../events/index.js";
import { createFold } from "./fold.js";
import type { Summary } from "./summary-types.js";

const runs = fc.record({ seed: fc.nat(), steps: fc.integer({ min: 1, max: 250 }) });
const simulated = runs.map(({ seed, steps }) => simulateRun(seed, steps));

/** Facts that end a connection, as the table has them. */
const TERMINAL: ReadonlySet<string> = new Set([
  "tcp.fin.received",
  "tcp.rst.received",
  "tcp.write.failed",
  "tcp.read.failed",
  "h2.ping.expired",
  "tls.failed",
  "tls.handshake.failed",
  "tcp.connect.expired",
  "tcp.close.started",
]);

function started(events: readonly ProbeEvent[]): Set<number> {
  const requests = new Set<number>();
  for (const event of events) {
    if (event.kind === "request.queued" || event.kind === "request.sent") requests.add(event.request);
  }
  return requests;
}

function expectBalanced({ requests, connections, paths }: Summary, verdicts: number): void {
  expect(requests.ok + requests.failed + requests.abandoned).toBe(requests.total);
  expect(requests.byScope.connection + requests.byScope.request).toBe(requests.failed);
  const sum = (counts: object): number => Object.values(counts).reduce((total: number, n: number) => total + n, 0);
  expect(sum(requests.byType)).toBe(requests.failed + requests.abandoned);
  expect(verdicts).toBe(requests.failed + requests.abandoned);
  expect(sum(paths.map((path) => path.requests.total))).toBe(requests.total);
  expect(sum(connections.byType) - (connections.byType["local.resources"] ?? 0)).toBe(connections.failed);
}

describe("for any run", () => {
  test("each request has exactly one verdict or is counted ok once, each attempt has exactly one, and all counters balance", () => {
    fc.assert(
      fc.property(simulated, ({ trace, requests, connections }) => {
        const folded = foldAll(trace);
        expect(folded.summary.requests.total).toBe(requests);
        const judged = folded.requests.map((verdict) => verdict.request);
        expect(new Set(judged).size).toBe(judged.length);
        expectBalanced(folded.summary, judged.length);
        const ended = folded.connections.map((verdict) => verdict.conn).sort((a, b) => a - b);
        expect(ended).toEqual(Array.from({ length: connections }, (_, index) => index + 1));
        expect(folded.incidents).toHaveLength(folded.summary.thresholds[0]?.seen ?? -1);
        expect(folded.summary.drops["missing events"]).toBeUndefined();
      }),
      { numRuns: 250 },
    );
  });

  test("each verdict cites events of the log, ascending, and is dated by one of them", () => {
    fc.assert(
      fc.property(simulated, ({ trace }) => {
        for (const { evidence, t, u } of foldAll(trace).verdicts) {
          expect(evidence.length).toBeGreaterThan(0);
          evidence.forEach((seq, index) => {
            expect(seq).toBeGreaterThan(evidence[index - 1] ?? 0);
            expect(seq).toBeLessThanOrEqual(trace.events.length);
          });
          const cited = evidence.map((seq) => trace.events[seq - 1]);
          expect(cited.some((event) => event?.t === t && event.u === u)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("folding again gives the same verdicts and the same summary, byte for byte", () => {
    fc.assert(
      fc.property(simulated, ({ trace }) => {
        const log: LogRecord[] = [HEADER, ...trace.events, trace.footer()];
        const again = JSON.parse(JSON.stringify(log)) as LogRecord[];
        const first = foldAll(log);
        const second = foldAll(again);
        expect(second.verdicts.map(encodeVerdict)).toEqual(first.verdicts.map(encodeVerdict));
        expect(JSON.stringify(second.summary)).toBe(JSON.stringify(first.summary));
      }),
      { numRuns: 100 },
    );
  });

  test("any prefix of its log is judged as well, and what was judged in it stays judged", () => {
    fc.assert(
      fc.property(simulated, fc.double({ min: 0, max: 1, noNaN: true }), ({ trace }, share) => {
        const prefix = trace.events.slice(0, Math.floor(trace.events.length * share));
        const early: string[] = [];
        const fold = createFold({ onVerdict: (verdict) => early.push(encodeVerdict(verdict)) });
        for (const event of prefix) fold.push(event);
        const whole = foldAll(trace).verdicts.map(encodeVerdict);
        expect(early).toEqual(whole.slice(0, early.length));
        const { requests } = fold.snapshot();
        expect(requests.ok + requests.failed + requests.inFlight).toBeLessThanOrEqual(requests.total);

        const folded = foldAll([HEADER, ...prefix]);
        expect(folded.summary.requests.total).toBe(started(prefix).size);
        expectBalanced(folded.summary, folded.requests.length);
        expect(folded.summary.verdict).not.toBe("pass");
      }),
      { numRuns: 150 },
    );
  });

  test("logs that lost any of their lines are judged without a throw, and say so", () => {
    fc.assert(
      fc.property(simulated, fc.infiniteStream(fc.nat({ max: 9 })), ({ trace }, dice) => {
        const kept = trace.events.filter(() => dice.next().value !== 0);
        const { summary, requests } = foldAll([HEADER, ...kept]);
        expectBalanced(summary, requests.length);
        const last = kept.at(-1)?.seq ?? 0;
        expect(summary.drops["missing events"] ?? 0).toBe(last - kept.length);
      }),
      { numRuns: 150 },
    );
  });

  test("terminal facts after the first change no connection verdict", () => {
    fc.assert(
      fc.property(simulated, ({ trace }) => {
        const ended = new Set<number>();
        const atEnd = new Map<number, number>();
        const without = trace.events.filter((event) => {
          if (!("conn" in event) || event.conn === null || !TERMINAL.has(event.kind)) return true;
          // peer.ended only answers; an EPIPE seen by peername in the same instant is the FIN's other half.
          if (event.kind === "tcp.close.started" && event.reason === "peer.ended") return true;
          const refines = event.kind === "tcp.rst.received" && event.t === atEnd.get(event.conn);
          if (ended.has(event.conn)) return refines;
          ended.add(event.conn);
          atEnd.set(event.conn, event.t);
          return true;
        });
        const judge = (events: readonly ProbeEvent[]): unknown =>
          foldAll([HEADER, ...events])
            .connections.filter((verdict) => ended.has(verdict.conn))
            .map(({ conn, close, type, t, u }) => ({ conn, close, type, t, u }));
        expect(judge(without)).toEqual(judge(trace.events));
      }),
      { numRuns: 150 },
    );
  });

  test("kinds of a newer version are counted and skipped", () => {
    fc.assert(
      fc.property(simulated, ({ trace }) => {
        const log: LogRecord[] = [HEADER];
        let seq = 0;
        for (const event of trace.events) {
          log.push({ ...event, seq: ++seq });
          log.push({ kind: "tcp.mood.changed", seq: ++seq, t: event.t, u: 0, conn: 1 } as unknown as LogRecord);
        }
        const { summary, verdicts } = foldAll([...log, trace.footer()]);
        expect(summary.drops["unknown events"]).toBe(trace.events.length);
        const types = (all: typeof verdicts): unknown => all.map(({ type, t }) => [type, t]);
        expect(types(verdicts)).toEqual(types(foldAll(trace).verdicts));
        expect(summary.verdict).not.toBe("pass");
      }),
      { numRuns: 50 },
    );
  });
});
