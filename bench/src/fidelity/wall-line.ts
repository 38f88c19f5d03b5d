/** A moment of a program's own clock, and what the wall clock showed then. Both in ns; the wall's is text. */
export interface Anchor {
  readonly t: number;
  readonly wall: string;
  readonly errorNs: number;
}

/** What a contender saw of the peer's end of a connection, in its own time. */
export interface Told {
  /** Address of our side, `ip:port`. */
  readonly local: string;
  readonly kind: "fin" | "rst" | "goaway";
  readonly t: number;
  /** Where the contender states one: the packet is not older than `t - u`. */
  readonly u: number | null;
}

/** What a contender's program answers. */
export interface Account {
  readonly told: readonly Told[];
  readonly anchors: readonly Anchor[];
  /** The part of `u` that stands for the kernel. */
  readonly kernelDelayNs: number | null;
}

/** A moment on the wall clock, and how far off the reading may be. */
export interface WallMoment {
  readonly ns: bigint;
  readonly errorNs: number;
}

/** Turns a program's own time into wall time, between two anchors along the straight line, outside along the nearest one. */
export function wallLine(anchors: readonly Anchor[]): (t: number) => WallMoment {
  const points = anchors.map(({ t, wall, errorNs }) => ({ t, ns: parseWall(wall), errorNs })).sort((a, b) => a.t - b.t);
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) throw new Error("no anchor");
  return (t) => {
    const right = points.find((point) => point.t >= t) ?? last;
    const left = points.findLast((point) => point.t <= t) ?? first;
    const share = right.t === left.t ? 0 : (t - left.t) / (right.t - left.t);
    const drift = Number(right.ns - left.ns) - (right.t - left.t);
    const ns = left.ns + BigInt(Math.round(t - left.t + drift * share));
    return { ns, errorNs: Math.max(left.errorNs, right.errorNs) };
  };
}

/** `2026-11-22T14:31:05.123456789Z` as ns since 1970. */
function parseWall(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/.exec(text);
  if (match === null) throw new Error(`not a wall time with nine digits: ${text}`);
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt(match[2] as string);
}
