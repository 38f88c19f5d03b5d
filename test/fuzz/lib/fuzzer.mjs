import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { Chance } from "./chance.mjs";
import { mutate } from "./mutate.mjs";

const COUNTERS = 1 << 16;
/** AFL's classes of how often a branch was taken. */
const CLASS = Uint8Array.from({ length: 256 }, (_, n) =>
  n <= 2 ? n : n === 3 ? 4 : n < 8 ? 8 : n < 16 ? 16 : n < 32 ? 32 : n < 128 ? 64 : 128,
);

/** From now on code of ours counts its branches. To be called before a target is imported. */
export function countBranches() {
  globalThis.__fuzzCounters = new Uint8Array(COUNTERS);
  register("./instrument-loader.mjs", import.meta.url);
}

/** Inputs of a folder, by name. */
export function readCorpus(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/**
 * Coverage-guided fuzzing: inputs that take a branch, or take it as often as none before, are kept and mutated further.
 *
 * @param {{ fuzz(data: Uint8Array): void, seeds?: readonly Uint8Array[], words?: readonly Uint8Array[], maxBytes?: number }} target
 * @param {{ executions: number, seed: number, corpus: readonly Uint8Array[], onProgress?: (state: object) => void }} options
 */
export function fuzzTarget(target, { executions, seed, corpus: given, onProgress }) {
  const counters = globalThis.__fuzzCounters;
  const seen = new Uint8Array(COUNTERS);
  const chance = new Chance(seed);
  const corpus = [];
  const from = { corpus, words: target.words ?? [], maxBytes: target.maxBytes ?? 1_024 };
  let branches = 0;
  const used = Math.min(COUNTERS, globalThis.__fuzzIds ?? COUNTERS);
  const started = performance.now();

  /** Is there anything new in what was counted? */
  const isNew = () => {
    let found = false;
    for (let i = 0; i < used; i++) {
      const n = counters[i];
      if (n === 0) continue;
      const bit = CLASS[n];
      if ((seen[i] & bit) === 0) {
        if (seen[i] === 0) branches++;
        seen[i] |= bit;
        found = true;
      }
    }
    return found;
  };
  const run = (data) => {
    counters.fill(0, 0, used);
    try {
      target.fuzz(data);
    } catch (error) {
      return { error };
    }
    return { fresh: isNew() };
  };
  let done = 0;
  for (const data of [new Uint8Array(), ...(target.seeds ?? []), ...given]) {
    const { error } = run(data);
    done++;
    if (error !== undefined)
      return { done, corpus, branches, failure: { data, error }, ms: performance.now() - started };
    corpus.push(data);
  }
  let lastNews = 0;
  while (done < executions) {
    // Half of the time one of the newest: they are where something is still to be found.
    const base =
      chance.below(2) === 0
        ? chance.pick(corpus)
        : corpus[corpus.length - 1 - chance.below(Math.min(corpus.length, 16))];
    const data = mutate(base, chance, from);
    const { error, fresh } = run(data);
    done++;
    if (error !== undefined)
      return { done, corpus, branches, failure: { data, error }, ms: performance.now() - started };
    if (fresh) {
      corpus.push(data);
      lastNews = done;
    }
    if (done % 100_000 === 0)
      onProgress?.({ done, corpus: corpus.length, branches, lastNews, ms: performance.now() - started });
  }
  return { done, corpus, branches, lastNews, ms: performance.now() - started };
}

/** The smallest part of a corpus that takes the same branches as often. */
export function minimise(target, corpus) {
  const counters = globalThis.__fuzzCounters;
  const seen = new Uint8Array(COUNTERS);
  const kept = [];
  for (const data of [...corpus].sort((a, b) => a.length - b.length)) {
    counters.fill(0);
    target.fuzz(data);
    let fresh = false;
    // Branches, not how often: a corpus for people to keep.
    for (let i = 0; i < COUNTERS; i++) {
      if (counters[i] !== 0 && seen[i] === 0) {
        seen[i] = 1;
        fresh = true;
      }
    }
    if (fresh) kept.push(data);
  }
  return kept;
}

/** Writes inputs under the hash of their content. */
export function writeCorpus(folder, corpus) {
  mkdirSync(folder, { recursive: true });
  for (const data of corpus) {
    writeFileSync(join(folder, createHash("sha256").update(data).digest("hex").slice(0, 16)), data);
  }
}
