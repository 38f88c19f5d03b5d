import { describe, expect, it } from "vitest";
import { FakeClock } from "../clock/fake-clock.js";
import { NANOS_PER_MS as MS } from "../events/index.js";
import { SWEEP_INTERVAL_NS, Ticker } from "./ticker.js";

/** A clock whose timers come late by what a busy loop would make of them. */
class LateClock extends FakeClock {
  lateBy = 0;
  override setTimer(delayNs: number, run: () => void) {
    const late = this.lateBy;
    this.lateBy = 0;
    return super.setTimer(delayNs + late, run);
  }
}

function sweeps(): { times: number[]; sweep(now: number): void } {
  const times: number[] = [];
  return { times, sweep: (now) => times.push(now) };
}

describe("Ticker", () => {
  it("wakes for each paced work at its own time", () => {
    const clock = new FakeClock();
    const seen: [string, number][] = [];
    const every = (name: string, interval: number, first: number) => ({
      nextAt: first,
      tick(now: number) {
        seen.push([name, now / MS]);
        this.nextAt += interval;
      },
    });
    const ticker = new Ticker(clock, [every("a", 10 * MS, 3 * MS), every("b", 15 * MS, 5 * MS)], []);
    ticker.start();
    clock.advance(24 * MS);
    expect(seen).toEqual([
      ["a", 3],
      ["b", 5],
      ["a", 13],
      ["b", 20],
      ["a", 23],
    ]);
    ticker.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("begins nothing that is due at its end or later, also when it notices late", () => {
    const clock = new LateClock();
    const seen: number[] = [];
    let ended: number | null = null;
    const work = {
      nextAt: 0,
      tick(now: number) {
        for (; this.nextAt <= now; this.nextAt += 10 * MS) seen.push(this.nextAt / MS);
      },
    };
    const ticker = new Ticker(clock, [work], []);
    ticker.start({
      at: 30 * MS,
      run: () => {
        ended = clock.now() / MS;
      },
    });
    clock.advance(5 * MS);
    clock.lateBy = 40 * MS;
    clock.advance(200 * MS);
    expect(seen).toEqual([0, 10, 20]);
    expect(ended).toBeGreaterThanOrEqual(30);
    expect(clock.pendingTimers).toBe(0);
  });

  it("sweeps at its interval, also when nothing is paced", () => {
    const clock = new FakeClock();
    const swept = sweeps();
    new Ticker(clock, [], [swept]).start();
    clock.advance(1_000 * MS);
    expect(swept.times).toHaveLength(1_000 / (SWEEP_INTERVAL_NS / MS));
  });

  it("lets one sweep pass after a stall, and never two in a row", () => {
    const clock = new LateClock();
    const swept = sweeps();
    clock.lateBy = 500 * MS;
    new Ticker(clock, [], [swept]).start();
    clock.advance(525 * MS);
    expect(swept.times).toEqual([]);
    clock.advance(25 * MS);
    expect(swept.times).toEqual([550 * MS]);

    const busy = new LateClock();
    const still = sweeps();
    busy.lateBy = 500 * MS;
    new Ticker(busy, [], [still]).start();
    for (let turn = 0; turn < 4; turn += 1) {
      busy.lateBy = 500 * MS;
      busy.advance(525 * MS);
    }
    // A loop that is always late is looked after all the same.
    expect(still.times).toHaveLength(2);
  });

  it("stops from within its own work", () => {
    const clock = new FakeClock();
    const ticker: Ticker = new Ticker(clock, [], [{ sweep: () => ticker.stop() }]);
    ticker.start();
    clock.advance(100 * MS);
    expect(clock.pendingTimers).toBe(0);
  });
});
