import fc from "fast-check";
import { expect, it } from "vitest";
import { FakeClock } from "../src/clock/fake-clock.js";
import { EVENT_KINDS, type ProbeEvent } from "../src/events/index.js";
import { EventRecorder } from "../src/io/recorder.js";
import type { H2WireFact } from "../src/io/stamp.js";
import { arbitraryFact } from "./arbitrary-fact.js";

const mark = (name: string) => ({ kind: "run.mark", name }) as const;

it("gives seq, t and u together, without gaps", () => {
  const clock = new FakeClock({ u: 5 });
  const recorder = new EventRecorder(clock);
  const events: ProbeEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  recorder.record(mark("a"));
  clock.advance(100);
  recorder.record(mark("b"));
  recorder.record(mark("c"), { t: 100, u: 9 });
  expect(events).toEqual([
    { ...mark("a"), seq: 1, t: 0, u: 5 },
    { ...mark("b"), seq: 2, t: 100, u: 5 },
    { ...mark("c"), seq: 3, t: 100, u: 9 },
  ]);
  expect(recorder.recorded).toBe(3);
});

it("raises an instant older than the last event, and its bound with it", () => {
  const recorder = new EventRecorder(new FakeClock());
  const events: ProbeEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  recorder.record(mark("late"), { t: 500, u: 10 });
  recorder.record(mark("early"), { t: 450, u: 10 });
  expect(events[1]).toMatchObject({ t: 500, u: 60 });
});

it("does not touch the fact it was given", () => {
  const recorder = new EventRecorder(new FakeClock());
  const fact = Object.freeze(mark("a"));
  recorder.record(fact);
  expect(fact).toEqual(mark("a"));
});

it("all listeners hear all events in one order, also those that a listener records", () => {
  const recorder = new EventRecorder(new FakeClock());
  const heard: string[] = [];
  recorder.subscribe((event) => {
    heard.push(`1:${event.seq}`);
    if (event.seq === 1) {
      recorder.record(mark("nested"));
      recorder.record(mark("nested too"));
    }
  });
  const stop = recorder.subscribe((event) => heard.push(`2:${event.seq}`));
  recorder.record(mark("a"));
  stop();
  recorder.record(mark("b"));
  expect(heard).toEqual(["1:1", "2:1", "1:2", "2:2", "1:3", "2:3", "1:4"]);
});

it.each(EVENT_KINDS)("%s: loses and adds no field, whether the fact names its connection or not", (kind) => {
  fc.assert(
    fc.property(arbitraryFact(kind), (fact) => {
      const recorder = new EventRecorder(new FakeClock());
      const events: ProbeEvent[] = [];
      recorder.subscribe((event) => events.push(event));
      recorder.record(fact, { t: 5, u: 3 });
      expect(events).toEqual([{ seq: 1, t: 5, u: 3, ...fact }]);
      if (!kind.startsWith("h2.") || !("conn" in fact)) return;
      const { conn, ...wire } = fact;
      recorder.recordOn(conn as number, wire as H2WireFact, { t: 5, u: 3 });
      expect(events[1]).toEqual({ seq: 2, t: 5, u: 3, ...fact });
    }),
  );
});
