import type { Nanos, Seq, Stamp } from "../events/index.js";

/** Sequence numbers a verdict cites, and the largest `u` among their events. */
export interface Evidence {
  readonly seqs: readonly Seq[];
  readonly worstU: Nanos;
}

/** Ascending, each once. */
export function ascending(seqs: readonly Seq[]): readonly Seq[] {
  if (seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0))) return seqs;
  const sorted = [...seqs].sort((a, b) => a - b);
  return sorted.filter((seq, index) => index === 0 || seq !== sorted[index - 1]);
}

export function evidenceOf(stamps: readonly (Stamp | null)[]): Evidence {
  const seqs: Seq[] = [];
  let worstU = 0;
  for (const stamp of stamps) {
    if (stamp === null) continue;
    seqs.push(stamp.seq);
    worstU = Math.max(worstU, stamp.u);
  }
  return { seqs: ascending(seqs), worstU };
}
