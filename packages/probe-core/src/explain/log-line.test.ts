import { describe, expect, it } from "vitest";
import { Calendar, isoMicros } from "./line-time.js";
import { readLogLine } from "./log-line.js";

const REFERENCE_MS = Date.UTC(2026, 10, 22);

function read(line: string, year?: number): { at: string | null; message: string } | null {
  const logged = readLogLine(line);
  if (logged === null) return null;
  const micros = new Calendar(year, REFERENCE_MS).place(logged.time);
  return { at: micros === null ? null : isoMicros(micros), message: logged.message };
}

describe("lines of logs", () => {
  it.each([
    ["klog", "E0608 21:45:21.938909       1 steps.go:17] step error=x", "2026-06-08T21:45:21.938909Z", "step error=x"],
    [
      "klog behind a container runtime's time: the inner microseconds, the outer year",
      "2020-06-08T21:45:21.939100123Z stderr F E0608 21:45:21.938909       1 steps.go:17] x",
      "2020-06-08T21:45:21.938909Z",
      "x",
    ],
    [
      "klog in a short journal",
      "Jun 08 21:45:22 master-1 hyperkube[1234]: E0608 21:45:21.938909    1234 reflector.go:1] x",
      "2026-06-08T21:45:21.938909Z",
      "x",
    ],
    [
      "klog in a journal with ISO times and a zone",
      "2020-06-08T23:45:22+0200 master-1 kubelet[12]: Failed to list",
      "2020-06-08T21:45:22.000000Z",
      "Failed to list",
    ],
    [
      "klog's JSON, in milliseconds",
      '{"ts":1591652721938.909,"caller":"steps.go:17","msg":"step","err":"read tcp: EOF","v":2}',
      "2020-06-08T21:45:21.938909Z",
      'step caller="steps.go:17" err="read tcp: EOF" v=2',
    ],
    [
      "zap's JSON, in seconds",
      '{"level":"error","ts":1591652721.938909,"msg":"lost"}',
      "2020-06-08T21:45:21.938909Z",
      'lost level="error"',
    ],
    [
      "journalctl -o json",
      '{"__REALTIME_TIMESTAMP":"1591652721938909","_HOSTNAME":"m","MESSAGE":"Failed to list"}',
      "2020-06-08T21:45:21.938909Z",
      "Failed to list",
    ],
    [
      "a container runtime's JSON around klog",
      '{"log":"E0608 21:45:21.938909 1 a.go:1] x\\n","stream":"stderr","time":"2020-06-08T21:45:21.94Z"}',
      "2020-06-08T21:45:21.938909Z",
      "x",
    ],
    ["a plain time with a level", "2020-06-08T21:45:21.938Z ERROR lost it", "2020-06-08T21:45:21.938000Z", "lost it"],
    ["Go's own log package", "2020/06/08 21:45:21.938909 lost it", "2020-06-08T21:45:21.938909Z", "lost it"],
    [
      "logfmt",
      'time="2020-06-08T21:45:21Z" level=error msg="lost"',
      "2020-06-08T21:45:21.000000Z",
      'time="2020-06-08T21:45:21Z" level=error msg="lost"',
    ],
    ["seconds since 1970", "1591652721.938909 error lost it", "2020-06-08T21:45:21.938909Z", "lost it"],
    ["a carriage return", "E0608 21:45:21.938909 1 a.go:1] x\r", "2026-06-08T21:45:21.938909Z", "x"],
  ])("%s", (_name, line, at, message) => expect(read(line)).toEqual({ at, message }));

  it.each([
    "",
    "## Background",
    "The errors we see:",
    "* `unexpected EOF`",
    "```",
    "goroutine 1 [running]:",
    "\tat steps.go:17",
    "E0608 25:45:21.938909       1 steps.go:17] no such hour",
    "E1308 21:45:21.938909       1 steps.go:17] no such month",
    "E0631 21:45:21.938909       1 steps.go:17] no such day",
    "E0608 21:45:21 steps.go:17] no microseconds",
    '{"msg":"no time"}',
    '{"ts":1591652721,',
    "[1,2]",
  ])("is no log: %j", (line) => expect(readLogLine(line)).toBeNull());
});

describe("the year that klog leaves out", () => {
  const klog = (month: string, day: string): string => `I${month}${day} 12:00:00.000000       1 a.go:1] x`;
  const years = (calendar: Calendar, lines: readonly string[]): (string | null)[] =>
    lines.map((line) => {
      const logged = readLogLine(line);
      const micros = logged === null ? null : calendar.place(logged.time);
      return micros === null ? null : isoMicros(micros).slice(0, 10);
    });

  it("is the one that was told", () => {
    expect(years(new Calendar(2020, REFERENCE_MS), [klog("06", "08")])).toEqual(["2020-06-08"]);
  });

  it("is the last one that fits before the reference", () => {
    expect(years(new Calendar(undefined, REFERENCE_MS), [klog("11", "21")])).toEqual(["2026-11-21"]);
    expect(years(new Calendar(undefined, REFERENCE_MS), [klog("11", "24")])).toEqual(["2025-11-24"]);
  });

  it("goes on across new year, and back for a line that is late", () => {
    expect(
      years(new Calendar(2020, REFERENCE_MS), [klog("12", "31"), klog("01", "01"), klog("12", "31"), klog("01", "02")]),
    ).toEqual(["2020-12-31", "2021-01-01", "2020-12-31", "2021-01-02"]);
  });

  it("counts back from the reference when a log ran across new year", () => {
    const calendar = new Calendar(undefined, Date.UTC(2021, 0, 2, 13));
    expect(years(calendar, [klog("12", "30"), klog("01", "02")])).toEqual(["2020-12-30", "2021-01-02"]);
  });

  it("is a leap year for its 29th of February", () => {
    expect(years(new Calendar(undefined, REFERENCE_MS), [klog("02", "29")])).toEqual(["2024-02-29"]);
    expect(years(new Calendar(2023, REFERENCE_MS), [klog("02", "29")])).toEqual([null]);
  });

  it("follows a line that names its year", () => {
    const calendar = new Calendar(undefined, REFERENCE_MS);
    expect(years(calendar, ["2019-12-31T23:00:00Z ERROR x", klog("01", "01")])).toEqual(["2019-12-31", "2020-01-01"]);
    expect(calendar.dating).toMatchObject({ zoneTold: true });
  });

  it("says where it is from", () => {
    const told = new Calendar(2020, REFERENCE_MS);
    years(told, [klog("06", "08")]);
    expect(told.dating).toEqual({ year: 2020, from: "option", zoneTold: false });
    const inferred = new Calendar(undefined, REFERENCE_MS);
    years(inferred, [klog("06", "08")]);
    expect(inferred.dating).toEqual({ year: 2026, from: "reference", zoneTold: false });
  });
});
