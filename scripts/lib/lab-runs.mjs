// What was measured of the lab: docs/lab/TIER.jsonl, a line for each run, and docs/lab/TIER-matrix.json.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A row's name: a scenario, or its twin. */
export function rowName(name, fixed) {
  return `${name}${fixed ? ".fixed" : ""}`;
}

/** All runs of one tier, on disk as soon as they are added. */
export class LabRuns {
  tier;
  #file;
  #matrixFile;
  #runs = [];
  #matrix = {};

  constructor(folder, tier) {
    this.tier = tier;
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, `${tier}.jsonl`);
    this.#matrixFile = join(folder, `${tier}-matrix.json`);
    if (existsSync(this.#file)) {
      const lines = readFileSync(this.#file, "utf8").trim().split("\n");
      this.#runs = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
    }
    if (existsSync(this.#matrixFile)) this.#matrix = JSON.parse(readFileSync(this.#matrixFile, "utf8"));
  }

  get all() {
    return this.#runs;
  }

  has(scenario, fixed, seed) {
    return this.of(scenario, fixed).some((run) => run.seed === seed);
  }

  /** All runs of a row, by seed. */
  of(scenario, fixed) {
    return this.#runs.filter((run) => run.scenario === scenario && run.fixed === fixed).sort((a, b) => a.seed - b.seed);
  }

  /** Keeps what tables are made of, and gives it: how it went, and what it cost. */
  add({ scenario, fixed, seed, speed, at, tookMs, load, run }) {
    const played = run.seen !== undefined;
    const kept = {
      scenario,
      fixed,
      seed,
      speed,
      at: at.toISOString().slice(0, 19),
      node: process.version,
      tookMs,
      load,
      reproduced: run.reproduced === true,
      differs: [...run.differs, ...(run.missed ?? []).map(({ what }) => what)],
      ...(played
        ? {
            lateMs: Math.round(run.lateMs),
            probeLateMs: Math.round(run.probeLateMs),
            rolloutMs: Math.round(run.rolloutMs),
            newConnectionGapMs: Math.round(run.newConnectionGapMs),
            requests: run.requests,
            failedConnections: failedConnections(run),
            lost: run.lost,
            signature: run.signature.map(compact),
          }
        : {}),
    };
    this.#runs.push(kept);
    appendFileSync(this.#file, `${JSON.stringify(kept)}\n`);
    return kept;
  }

  matrixOf(scenario) {
    return this.#matrix[scenario] ?? null;
  }

  addMatrix(scenario, { rows }) {
    this.#matrix[scenario] = rows.map(({ remedy, setting, failures, run }) => ({
      remedy,
      setting,
      failures,
      lost: run.lost,
      newConnectionGapMs: Math.round(run.newConnectionGapMs),
      rolloutMs: Math.round(run.rolloutMs),
      speed: run.speed,
      seed: run.seed,
      lateMs: Math.round(run.lateMs),
    }));
    writeFileSync(this.#matrixFile, `${JSON.stringify(this.#matrix, null, 2)}\n`);
  }
}

/** An entry of a signature as it is kept: lane, kind, count, first and last in ms. */
function compact({ lane, kind, count, when }) {
  return [lane, kind, count, ...(when === null ? [] : [Math.round(when.fromMs), Math.round(when.toMs)])];
}

/** Connections whose end cost something, or that never came to be; requests that crossed a GOAWAY are no failure of theirs. */
function failedConnections({ seen }) {
  return seen
    .filter(
      ({ scope, type, close }) =>
        scope === "connection" && type !== null && !(type === "h2.goaway" && close !== "broken-promise"),
    )
    .reduce((sum, { count }) => sum + count, 0);
}
