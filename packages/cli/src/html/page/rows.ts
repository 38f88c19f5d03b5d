import type { ConnData, LaneData, NodeData } from "./data.js";
import type { ViewState } from "./state.js";

/** One lane of one path of one node: a strip of the chart. */
export interface Row {
  readonly node: NodeData;
  readonly nodeIndex: number;
  readonly lane: LaneData;
  readonly laneIndex: number;
  /** The first lane of its node, or of its path. */
  readonly beginsNode: boolean;
  readonly beginsPath: boolean;
  readonly top: number;
  readonly height: number;
  readonly tracks: number;
  readonly lines: readonly { readonly conn: ConnData; readonly track: number }[];
}

const NODE_GAP = 30;
const PATH_GAP = 8;
const TRACK = 13;
const TALLEST = 150;

interface Packed {
  readonly tracks: number;
  readonly lines: Row["lines"];
}

/** Where each connection of a lane goes: its slot's line, or the first that is free. Done once; zooming and filters do not move lines. */
function pack(conns: readonly ConnData[], end: number): Packed {
  const lines: { conn: ConnData; track: number }[] = [];
  const slots = new Set(conns.flatMap(({ slot }) => (slot === null ? [] : [slot])));
  const first = slots.size === 0 ? 0 : Math.max(...slots) + 1;
  const free: number[] = [];
  for (const conn of [...conns].sort((a, b) => a.from - b.from)) {
    const to = conn.to ?? end;
    let track = conn.slot;
    if (track === null) {
      const at = free.findIndex((busyUntil) => busyUntil <= conn.from);
      const chosen = at < 0 ? Math.min(free.length, 400) : at;
      free[chosen] = Math.max(to, free[chosen] ?? 0);
      // An attempt that led to nothing is drawn where its lane's sessions are, if it has any: it was made for one of them.
      track = slots.size > 0 && conn.up === null ? 0 : first + chosen;
    }
    lines.push({ conn, track });
  }
  return { tracks: Math.max(1, ...lines.map(({ track }) => track + 1)), lines };
}

const packed = new WeakMap<LaneData, Packed>();

/** The rows that the filters leave, from top to bottom, and the height of all. */
export function layOut(state: ViewState): { readonly rows: readonly Row[]; readonly height: number } {
  const rows: Row[] = [];
  let top = 4;
  for (const [nodeIndex, node] of state.data.nodes.entries()) {
    if (!state.showsNode(node)) continue;
    const lanes = [...node.lanes.entries()].filter(([, { path }]) => state.showsPath(path));
    let path = "";
    for (const [index, [laneIndex, lane]] of lanes.entries()) {
      let kept = packed.get(lane);
      if (kept === undefined) {
        kept = pack(
          node.conns.filter((conn) => conn.lane === laneIndex),
          node.to,
        );
        packed.set(lane, kept);
      }
      const beginsNode = index === 0;
      const beginsPath = lane.path !== path;
      path = lane.path;
      if (beginsNode) top += NODE_GAP;
      else if (beginsPath) top += PATH_GAP;
      const height = Math.min(TALLEST, Math.max(20, kept.tracks * TRACK + 4));
      rows.push({ node, nodeIndex, lane, laneIndex, beginsNode, beginsPath, top, height, ...kept });
      top += height + 3;
    }
  }
  return { rows, height: top + 6 };
}

/** The middle of a track. */
export function trackY(row: Row, track: number): number {
  const each = (row.height - 4) / row.tracks;
  return row.top + 2 + each * (track + 0.5);
}
