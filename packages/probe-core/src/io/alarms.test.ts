import { describe, expect, it } from "vitest";
import { NANOS_PER_MS as MS } from "../events/index.js";
import { Alarms } from "./alarms.js";

function sleeper(): { times: number[]; sweep(now: number): void } {
  const times: number[] = [];
  return { times, sweep: (now) => times.push(now / MS) };
}

describe("Alarms", () => {
  it("wakes nobody before the time, each once, and the earlier ones first", () => {
    const alarms = new Alarms();
    const order: string[] = [];
    const named = (name: string) => ({ sweep: () => order.push(name) });
    alarms.at(60 * MS, named("late"));
    alarms.at(20 * MS, named("early"));
    alarms.at(1_000 * MS, named("not yet"));
    alarms.sweep(19 * MS);
    expect(order).toEqual([]);
    alarms.sweep(75 * MS);
    alarms.sweep(100 * MS);
    expect(order).toEqual(["early", "late"]);
  });

  it("is at most one slot of 5 ms late", () => {
    for (let due = 0; due <= 20; due += 0.5) {
      const alarms = new Alarms();
      const one = sleeper();
      alarms.at(due * MS, one);
      for (let now = 0; now <= 40; now += 0.5) alarms.sweep(now * MS);
      expect(one.times).toHaveLength(1);
      expect(one.times[0]).toBeGreaterThanOrEqual(due);
      expect(one.times[0]).toBeLessThan(due + 5);
    }
  });

  it("keeps for the next sweep what is asked for within one", () => {
    const alarms = new Alarms();
    const again = { swept: 0, sweep: (now: number) => alarms.at(now - 10 * MS, { sweep: () => (again.swept += 1) }) };
    alarms.at(5 * MS, again);
    alarms.sweep(30 * MS);
    expect(again.swept).toBe(0);
    alarms.sweep(55 * MS);
    expect(again.swept).toBe(1);
  });
});
