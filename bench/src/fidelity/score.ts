import type { Truth } from "./truth.js";
import { type Account, type Told, wallLine } from "./wall-line.js";

/** One contender against the packets of one run. */
export interface Score {
  /** Event minus packet, ns, by what the packet was: of the packets that had to be told. */
  readonly lateNs: Readonly<Record<"fin" | "rst" | "goaway", readonly number[]>>;
  /** Of how many packets `[t - u, t]` was stated, and how many of them lay in it; by the clocks' error on either side. */
  readonly stated: number;
  readonly inside: number;
  /** Packets that the contender had to see and never told. */
  readonly missed: number;
  /** Told, and nothing of the sort was on the wire. */
  readonly invented: number;
  /** A FIN told as an RST, or the other way round. */
  readonly misnamed: number;
  /** How far the two clocks may be apart, ns: the worst of all events. */
  readonly clockErrorNs: number;
}

/**
 * Every end by the server that was on the wire before the client's own must have been told, once. After the client began to close
 * it need not be told, but may.
 */
export function score({ told, anchors }: Account, truths: readonly Truth[]): Score {
  const wallAt = wallLine(anchors);
  let clockErrorNs = 0;
  const lateNs = { fin: [] as number[], rst: [] as number[], goaway: [] as number[] };
  const ends = new Set<Truth>();
  const goaways = new Set<Truth>();
  const counts = { stated: 0, inside: 0, missed: 0, invented: 0, misnamed: 0 };
  const one = (event: Told): void => {
    const { ns, errorNs } = wallAt(event.t);
    const truth = truths.findLast(({ client, synAt }) => client === event.local && synAt <= ns + BigInt(errorNs));
    const end = truth === undefined ? null : event.kind === "goaway" ? truth.goaway : (truth.fin ?? truth.rst);
    const name = event.kind === "goaway" ? "goaway" : truth?.fin === null ? "rst" : "fin";
    const seen = event.kind === "goaway" ? goaways : ends;
    if (truth === undefined || end === null || seen.has(truth)) {
      counts.invented += 1;
      return;
    }
    seen.add(truth);
    if (name !== event.kind) counts.misnamed += 1;
    clockErrorNs = Math.max(clockErrorNs, errorNs);
    const late = Number(ns - end);
    if (isDue(truth, end)) lateNs[name].push(late);
    if (event.u === null) return;
    counts.stated += 1;
    if (late >= -errorNs && late <= event.u + errorNs) counts.inside += 1;
  };
  for (const event of told) one(event);
  for (const truth of truths) {
    if (isDue(truth, truth.fin ?? truth.rst) && !ends.has(truth)) counts.missed += 1;
    if (isDue(truth, truth.goaway) && !goaways.has(truth)) counts.missed += 1;
  }
  return { lateNs, ...counts, clockErrorNs };
}

/** It was on the wire before the client itself began to close: whoever holds the connection must tell it. */
export function isDue({ ours }: Truth, packet: bigint | null): boolean {
  return packet !== null && (ours === null || packet < ours);
}
