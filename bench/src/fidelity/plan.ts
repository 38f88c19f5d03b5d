/** What the server does to a connection. A GOAWAY is followed by the connection's FIN, as drained servers end theirs. */
export type FaultKind = "fin" | "rst" | "goaway";

export interface Fault {
  readonly kind: FaultKind;
  readonly afterMs: number;
}

export const FIN_AFTER_GOAWAY_MS = 300;

const KINDS: readonly FaultKind[] = ["fin", "rst", "goaway"];

/** One fault for each connection, a third of each kind, at times drawn evenly from the span. The same seed gives the same plan. */
export function planOf(seed: number, connections: number, spanMs: number): Fault[] {
  const next = mulberry32(seed);
  return Array.from({ length: connections }, (_, index) => ({
    kind: KINDS[index % KINDS.length] as FaultKind,
    afterMs: next() * spanMs,
  }));
}

/** A small generator of numbers from 0 up to 1 that anyone can write down again. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
