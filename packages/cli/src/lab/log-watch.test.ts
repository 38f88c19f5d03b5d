import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LogWatch } from "./log-watch.js";

let dir: string;
let log: string;
let watch: LogWatch;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "drainprobe-"));
  log = join(dir, "master-0.jsonl");
  watch = new LogWatch(log);
});

afterEach(() => {
  watch.close();
  rmSync(dir, { recursive: true });
});

const write = (...records: readonly object[]): void =>
  appendFileSync(log, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
const stall = (ms: number): object => ({ seq: 1, t: 5, kind: "process.stall", durationNs: ms * 1e6 });
const verdict = (path: string, type: string | null): object => ({ kind: "verdict", close: "reset", path, type });

it("counts sessions, and failed connections of the judged path", () => {
  watch.look();
  write({ kind: "session.ready" }, verdict("vip", "tcp.reset"), verdict("vip", null), verdict("local", "tcp.reset"));
  watch.look();
  expect([watch.sessions, watch.failures]).toEqual([1, 1]);
  write({ kind: "session.ready" });
  watch.look();
  expect(watch.sessions).toBe(2);
});

it("tells the longest stall since it was asked last", () => {
  write(stall(30), stall(70), stall(40));
  watch.look();
  expect([watch.takeStallMs(), watch.takeStallMs()]).toEqual([70, 0]);
  write(stall(20));
  watch.look();
  expect(watch.takeStallMs()).toBe(20);
});

it("waits for the end of a line, and reads nothing once it is closed", () => {
  write(stall(30));
  appendFileSync(log, '{"kind":"process.st');
  watch.look();
  appendFileSync(log, 'all","durationNs":50000000}\n');
  watch.look();
  expect(watch.takeStallMs()).toBe(50);
  write(stall(90));
  watch.close();
  watch.look();
  expect(watch.takeStallMs()).toBe(0);
});
