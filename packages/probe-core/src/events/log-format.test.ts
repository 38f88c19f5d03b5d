import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulateRun } from "../../test/connection-simulator.js";
import { HEADER, Trace } from "../../test/trace-builder.js";
import { EVENT_KINDS } from "./event.js";
import { EVENT_FIELDS } from "./event-fields.js";
import { parseLogLine } from "./log-format.js";

const EVENT = new Trace().ready().events[0];

describe("parseLogLine", () => {
  test("gives back every event that was written", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        for (const event of simulateRun(seed, 60).trace.events) {
          expect(parseLogLine(JSON.stringify(event))).toEqual({ is: "record", record: event });
        }
      }),
      { numRuns: 50 },
    );
  });

  test("knows the fields of every kind", () => {
    expect(Object.keys(EVENT_FIELDS).sort()).toEqual([...EVENT_KINDS].sort());
  });

  test("no text makes it throw, and no cut of a line is taken for the line", () => {
    fc.assert(fc.property(fc.string(), (text) => parseLogLine(text).is !== undefined));
    fc.assert(fc.property(fc.json(), (text) => parseLogLine(text).is !== "newer"));
    const line = JSON.stringify(EVENT);
    for (let length = 0; length < line.length; length += 1) {
      expect(parseLogLine(line.slice(0, length))).toEqual({ is: "corrupt", why: "not JSON" });
    }
  });

  test("a field of another type, or none, makes an event corrupt", () => {
    for (const field of ["seq", "t", "u", "conn", "path", "remote"]) {
      for (const value of [undefined, {}, Number.NaN]) {
        expect(parseLogLine(JSON.stringify({ ...EVENT, [field]: value })).is).toBe("corrupt");
      }
    }
    expect(parseLogLine(JSON.stringify({ ...EVENT, t: -1 })).is).toBe("corrupt");
    expect(parseLogLine(JSON.stringify({ ...EVENT, t: 2 ** 60 })).is).toBe("corrupt");
    expect(parseLogLine(JSON.stringify({ ...EVENT, intended: "now" }))).toEqual({
      is: "corrupt",
      why: "tcp.connect.started: intended is not number|null",
    });
  });

  test("fields and kinds of a newer minor version are kept", () => {
    const more = { ...EVENT, mood: "good" };
    expect(parseLogLine(JSON.stringify(more))).toEqual({ is: "record", record: more });
    const unknown = { kind: "tcp.mood.changed", seq: 1, t: 1, u: 1 };
    expect(parseLogLine(JSON.stringify(unknown))).toEqual({ is: "record", record: unknown });
  });

  test("a kind that is a name of Object's is just unknown", () => {
    expect(parseLogLine('{"kind":"constructor","seq":1,"t":1,"u":1}').is).toBe("record");
  });

  test("headers, footers, verdicts, drops", () => {
    expect(parseLogLine(JSON.stringify(HEADER))).toEqual({ is: "record", record: HEADER });
    expect(parseLogLine(JSON.stringify({ ...HEADER, format: 2 }))).toEqual({ is: "newer", format: 2 });
    expect(parseLogLine(JSON.stringify({ ...HEADER, lanes: [{ path: 1 }] })).is).toBe("corrupt");
    const footer = new Trace().footer({ "vip/held": 1 });
    expect(parseLogLine(JSON.stringify(footer))).toEqual({ is: "record", record: footer });
    expect(parseLogLine(JSON.stringify({ ...footer, scheduled: { a: "b" } })).is).toBe("corrupt");
    expect(parseLogLine('{"kind":"verdict"}')).toEqual({ is: "verdict" });
    expect(parseLogLine('{"kind":"log.dropped","events":3}')).toEqual({ is: "dropped", events: 3 });
    expect(parseLogLine('{"kind":"log.dropped","events":-3}').is).toBe("corrupt");
  });

  test("what it repeats of a log is harmless on a terminal", () => {
    const line = parseLogLine(JSON.stringify({ kind: `\u001b[2J${"x".repeat(500)}` }));
    expect(line).toEqual({ is: "corrupt", why: `??2J${"x".repeat(36)} without seq, t or u` });
  });
});
