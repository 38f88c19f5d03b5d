import type { LabMoment } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import type { Sighting } from "./seen.js";
import { type Signature, signatureDifferences, signatureOf } from "./signature.js";

const T0 = 1_000_000;
const TOLERANCE = { timeMs: 1_000, steadyFrom: 2 };

const sigterm = (index: number, afterMs: number): LabMoment => ({
  master: `master-${index}`,
  what: "sigterm",
  wallMs: T0 + afterMs,
});

function cut(afterMs: number, more: Partial<Sighting> = {}): Sighting {
  const { master = "master-0", lane = "held", type = "tcp.reset", close = "reset" } = more;
  return {
    master,
    scope: "connection",
    type,
    close,
    lane,
    hairpin: false,
    wallMs: T0 + afterMs,
    requests: 0,
    unsafe: 0,
    ...more,
  };
}

const of = (sightings: readonly Sighting[], moments: readonly LabMoment[] = [sigterm(0, 0)], speed = 1): Signature =>
  signatureOf({ sightings, moments, speed });

describe("the signature of a run", () => {
  it("counts what is alike on a lane, and dates it from the SIGTERM before it", () => {
    const moments = [sigterm(0, 0), sigterm(1, 20_000)];
    expect(of([cut(10_000), cut(10_100, { type: "tcp.closed", close: "abrupt" }), cut(30_050)], moments)).toEqual([
      { lane: "held", kind: "cut", count: 3, when: { fromMs: 10_000, toMs: 10_100 } },
    ]);
  });

  it("is of speed 1, whatever the speed of the run", () => {
    expect(of([cut(5_000)], [sigterm(0, 0)], 2)[0]?.when).toEqual({ fromMs: 10_000, toMs: 10_000 });
  });

  it("has one kind of end where GOAWAY races the end of the process", () => {
    const sightings = [
      cut(10_000),
      cut(10_100, { type: null, close: "graceful" }),
      cut(10_200, { type: "tcp.reset", close: "broken-promise" }),
      cut(10_300, { type: "h2.goaway", close: "graceful" }),
      cut(10_400, { type: "tcp.refused", close: null }),
    ];
    const moments = [sigterm(0, 0)];
    expect(signatureOf({ sightings, moments, speed: 1, goawayRaces: true })).toEqual([
      { lane: "held", kind: "ended", count: 4, when: { fromMs: 10_000, toMs: 10_300 } },
      { lane: "held", kind: "refused", count: 1, when: { fromMs: 10_400, toMs: 10_400 } },
    ]);
  });

  it("has no time for what came before any rollout", () => {
    expect(of([cut(-500)])[0]?.when).toBeNull();
  });

  it("is in order of time, and tells kinds apart", () => {
    const sightings = [
      cut(12_000, { type: "tcp.refused", close: null, lane: "fresh.h2" }),
      cut(11_000, { type: null, close: "graceful" }),
      cut(10_000, { type: "h2.goaway", close: "graceful" }),
      cut(9_000, { scope: "request", type: "http.retry_after", close: null }),
      cut(8_000, { type: "tcp.timed_out", close: null, lane: "fresh.h2" }),
      cut(7_000, { lane: "fresh.h2" }),
      cut(6_000, { type: "h2.ping.timed_out", close: "silent" }),
      cut(5_000, { type: "tcp.closed", close: "broken-promise" }),
    ];
    expect(of(sightings).map(({ kind }) => kind)).toEqual([
      "broken promise",
      "silent",
      "cut at birth",
      "no answer",
      "told to retry",
      "crossed GOAWAY",
      "ended well",
      "refused",
    ]);
  });
});

describe("two signatures", () => {
  const real = of([cut(10_000), cut(10_050), cut(10_100)]);

  it("are equal when kinds and times are, whatever face the end had", () => {
    const other = of([cut(10_400, { type: "tcp.closed", close: "abrupt" }), cut(10_700)]);
    expect(signatureDifferences(real, other, TOLERANCE)).toEqual([]);
  });

  it("differ where a kind is missing, or there is one too much", () => {
    const lines = signatureDifferences(
      real,
      of([cut(10_000, { lane: "watch" }), cut(10_000, { lane: "watch" })]),
      TOLERANCE,
    );
    expect(lines).toEqual([
      "missing: held: cut, 3 times, T0+10.0 s to T0+10.1 s",
      "too much: watch: cut, 2 times, T0+10.0 s to T0+10.0 s",
    ]);
  });

  it("differ where the times do", () => {
    expect(signatureDifferences(real, of([cut(10_000), cut(11_200)]), TOLERANCE)).toEqual([
      "at another time: held: cut, 2 times, T0+10.0 s to T0+11.2 s, where it was T0+10.0 s to T0+10.1 s",
    ]);
    expect(signatureDifferences(real, of([cut(-1), cut(-2)], []), TOLERANCE)).toHaveLength(1);
  });

  it("do not differ by what is chance: a single one, or whether a request crossed the GOAWAY", () => {
    const crossed = { type: "h2.goaway", close: "graceful" };
    const well = { type: null, close: "graceful" };
    const quiet = of([cut(10_000, well), cut(10_100, well), cut(10_200, well), cut(2_000, { lane: "slow" })]);
    const asked = of([cut(10_000, crossed), cut(10_100, well), cut(10_300, crossed)]);
    expect(signatureDifferences(quiet, asked, TOLERANCE)).toEqual([]);
    expect(signatureDifferences(asked, quiet, TOLERANCE)).toEqual([]);
  });

  it("differ where one was told GOAWAY and the other was not", () => {
    const told = of([
      cut(10_000, { type: "h2.goaway", close: "graceful" }),
      cut(10_100, { type: null, close: "graceful" }),
    ]);
    expect(signatureDifferences(real, told, TOLERANCE)).toEqual([
      "missing: held: cut, 3 times, T0+10.0 s to T0+10.1 s",
      "too much: held: ended well, 2 times, T0+10.0 s to T0+10.1 s",
    ]);
  });
});
