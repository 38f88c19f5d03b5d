import type { Merged, NodeView } from "@drainprobe/core/merge";

/** What several logs say together, for `--json`. Times are integer ns since `base`; an incident is named by its log and connection. */
export function mergedJson(
  merged: Merged,
  logs: readonly { readonly file: string; readonly view: NodeView }[],
): unknown {
  const { base, clockSkewNs, nodes, shared, episodes, droppedEpisodes } = merged;
  const whole = ({ from, to }: { readonly from: number; readonly to: number }): { from: number; to: number } => ({
    from: Math.round(from),
    to: Math.round(to),
  });
  return {
    base,
    clockSkewNs,
    nodes: nodes.map(({ node, axis, leftOut, wallErrorNs }) => ({
      node,
      startNs: axis === null ? null : Math.round(axis(0).at),
      wallErrorNs: Math.round(wallErrorNs),
      leftOut,
    })),
    sameInstant: shared.map(({ span, nodes: names, members }) => ({
      ...whole(span),
      nodes: names,
      incidents: members.map(({ log, incident, node }) => ({
        file: logs[log]?.file ?? null,
        node,
        conn: logs[log]?.view.incidents[incident]?.conn ?? null,
      })),
    })),
    episodes: episodes.map(({ span, who, where, reason, failed, cells }) => ({
      ...whole(span),
      who,
      where,
      reason,
      failed,
      cells: cells.map(({ node, path, role, state, ok, failed: bad }) => ({
        node,
        path,
        role,
        state,
        ok,
        failed: bad,
      })),
    })),
    droppedEpisodes,
  };
}
