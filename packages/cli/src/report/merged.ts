import type { Episode, Merged } from "@drainprobe/core/merge";
import { formatDuration, formatWall, plural } from "../text/format.js";
import { field, table, wrap } from "../text/layout.js";
import { printable } from "../text/printable.js";
import type { ReportStyle } from "./report-input.js";

const SHOWN_EPISODES = 20;
const SHOWN_INSTANTS = 20;

const WHO: Readonly<Record<Episode["who"], string>> = {
  server: "the server",
  hairpin: "the hairpin or redirect of",
  balancer: "the balancer:",
  host: "the host",
  "cannot-tell": "cannot tell",
};

/** Who did it, by all paths and nodes together; empty where nothing failed, or one path alone was watched and so nothing can be compared. */
export function mergedLines(merged: Merged, several: boolean, style: ReportStyle): string[] {
  const { palette, width } = style;
  const compared = merged.episodes.filter(({ cells }) => several || cells.length > 1);
  const groups = alike(compared);
  const left = merged.nodes.filter(({ leftOut }) => leftOut !== null);
  if (compared.length === 0 && !several) return [];
  return [
    palette.bold(several ? "All nodes together" : "Who did it, by all paths together"),
    "",
    ...(several ? clockLines(merged, width) : []),
    ...left.flatMap(({ node, leftOut }) =>
      wrap(`${printable(node)} is left out: ${leftOut}`, width - 2).map((line) => `  ${palette.yellow(line)}`),
    ),
    ...(several || left.length > 0 ? [""] : []),
    ...groups.slice(0, SHOWN_EPISODES).flatMap((group) => [...episodeLines(group, merged, several, style), ""]),
    ...(groups.length > SHOWN_EPISODES
      ? [
          `     and ${plural(groups.length - SHOWN_EPISODES, "other kind of stretch", "other kinds of stretches")} (--json lists all)`,
          "",
        ]
      : []),
    ...(several ? instantLines(merged, style) : []),
  ];
}

function clockLines(merged: Merged, width: number): string[] {
  const worst = Math.max(0, ...merged.nodes.map(({ wallErrorNs }) => wallErrorNs));
  const text = `clocks of two nodes are taken to be within ${formatDuration(merged.clockSkewNs)} of each other (--clock-skew), and were read to within ${formatDuration(worst)}; inside that no order is claimed`;
  return wrap(text, width - 2).map((line) => `  ${line}`);
}

/** Stretches in which the same cells were bad, with the same answer: a rollout of many backends repeats itself. */
function alike(episodes: readonly Episode[]): (readonly [Episode, ...Episode[]])[] {
  const groups = new Map<string, [Episode, ...Episode[]]>();
  for (const episode of episodes) {
    const key = JSON.stringify([episode.who, episode.reason, episode.cells.map(({ state }) => state)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [episode]);
    else group.push(episode);
  }
  return [...groups.values()];
}

function episodeLines(
  [first, ...more]: readonly [Episode, ...Episode[]],
  { base }: Merged,
  several: boolean,
  { palette, width }: ReportStyle,
): string[] {
  const { span, cells, who, where, reason } = first;
  const when = (at: number): string => formatWall(base, at) ?? `t ${(at / 1e9).toFixed(3)} s`;
  const name =
    who === "cannot-tell" || where === null ? WHO[who] : `${WHO[who]} ${who === "server" ? `(${where})` : where}`;
  const rows = several ? nodeRows(cells) : pathRows(cells);
  const last = more.at(-1);
  return [
    ...wrap(`${when(span.from)}, for ${formatDuration(span.to - span.from)}: ${printable(name)}`, width - 2).map(
      (line) => `  ${palette.bold(who === "cannot-tell" ? palette.yellow(line) : palette.red(line))}`,
    ),
    ...table(rows, "l".repeat(rows[0]?.length ?? 1), 5),
    ...field("", printable(reason), 5, 0, width),
    ...(last === undefined
      ? []
      : field("", `${more.length} more like it, the last at ${when(last.span.from)}`, 5, 0, width).map(palette.bold)),
  ];
}

type Cells = Episode["cells"];

function pathRows(cells: Cells): string[][] {
  return cells.map((cell) => [printable(cell.path), stateWords(cell)]);
}

/** A row for each node, a column for each path. */
function nodeRows(cells: Cells): string[][] {
  const paths = [...new Set(cells.map(({ path }) => path))];
  const nodes = [...new Set(cells.map(({ node }) => node))];
  return [
    ["", ...paths.map(printable)],
    ...nodes.map((node) => [
      printable(node),
      ...paths.map((path) => {
        const cell = cells.find((each) => each.node === node && each.path === path);
        return cell === undefined ? "-" : stateWords(cell);
      }),
    ]),
  ];
}

function stateWords({ state, failed }: Cells[number]): string {
  switch (state) {
    case "bad":
      return `BAD (${failed})`;
    case "good":
      return "good";
    case "unseen":
      return "not seen";
  }
}

function instantLines({ shared, base }: Merged, { palette, width }: ReportStyle): string[] {
  if (shared.length === 0) return [];
  return [
    palette.bold(`The same instant on several nodes (${shared.length}): one backend or the balancer, not each host`),
    "",
    ...shared.slice(0, SHOWN_INSTANTS).flatMap(({ span, nodes, members }) => {
      const when = formatWall(base, span.from) ?? `t ${(span.from / 1e9).toFixed(3)} s`;
      const text = `${when}, within ${formatDuration(span.to - span.from)}: ${plural(members.length, "incident")} on ${nodes.map(printable).join(", ")}; which came first cannot be told`;
      return wrap(text, width - 2).map((line) => `  ${line}`);
    }),
    ...(shared.length > SHOWN_INSTANTS ? [`  and ${shared.length - SHOWN_INSTANTS} more`] : []),
    "",
  ];
}
