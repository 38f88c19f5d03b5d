import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logFile, newLogName } from "./log-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drainprobe-log-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HOW = { overwrite: false, where: "--out" };

describe("--out", () => {
  it("takes a file as it is named", () => {
    const file = join(folder, "run.jsonl");
    expect(logFile(file, HOW)).toBe(file);
  });

  it("takes a folder for as many logs as there are runs", () => {
    const file = logFile(folder, HOW);
    expect(dirname(file)).toBe(folder);
    expect(basename(file)).toMatch(/^drainprobe-[\w.-]+-\d{8}T\d{6}\.\d{3}Z\.jsonl$/);
    expect(newLogName("a b/c", new Date(0))).toBe("drainprobe-a_b_c-19700101T000000.000Z.jsonl");
  });

  it("refuses a file that exists, unless it may be overwritten", () => {
    const file = join(folder, "run.jsonl");
    writeFileSync(file, "");
    expect(() => logFile(file, HOW)).toThrow(/^--out .*run\.jsonl: exists already; add --overwrite/);
    expect(logFile(file, { ...HOW, overwrite: true })).toBe(file);
  });

  it("refuses what lies in a folder that does not exist", () => {
    mkdirSync(join(folder, "there"));
    expect(() => logFile(join(folder, "gone", "run.jsonl"), HOW)).toThrow(/its folder does not exist/);
  });
});
