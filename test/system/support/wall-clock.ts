import { allOf, type RunLog } from "./run-log.js";

/** A moment on the wall clock and how far off the reading may be, both in ns. */
export interface WallMoment {
  readonly ns: bigint;
  readonly errorNs: bigint;
}

interface Anchor {
  readonly t: number;
  readonly ns: bigint;
  readonly errorNs: number;
}

/**
 * Turns a log's `t` into wall time by its anchors: between two of them along the straight line, outside along the
 * nearest one. The error is the larger of the two used.
 */
export function wallClockOf(log: RunLog): (t: number) => WallMoment {
  const { reference } = log.header;
  const anchors: Anchor[] = [{ t: 0, ns: parseWall(reference.wall), errorNs: reference.wallErrorNs }];
  for (const event of allOf(log.events, "clock.anchor")) {
    if (event.t > (anchors.at(-1)?.t ?? 0)) {
      anchors.push({ t: event.t, ns: parseWall(event.wall), errorNs: event.errorNs });
    }
  }
  return (t) => {
    const after = anchors.findIndex((anchor) => anchor.t >= t);
    const right = anchors[after === -1 ? anchors.length - 1 : after] as Anchor;
    const left = anchors[after === -1 ? anchors.length - 1 : Math.max(0, after - 1)] as Anchor;
    const share = right.t === left.t ? 0 : (t - left.t) / (right.t - left.t);
    const drift = Number(right.ns - left.ns) - (right.t - left.t);
    return {
      ns: left.ns + BigInt(Math.round(t - left.t + drift * share)),
      errorNs: BigInt(Math.max(left.errorNs, right.errorNs)),
    };
  };
}

/** `2026-11-22T14:31:05.123456789Z` as ns since 1970. */
export function parseWall(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/.exec(text);
  if (match === null) throw new Error(`not a wall time with nine digits: ${text}`);
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt(match[2] as string);
}
