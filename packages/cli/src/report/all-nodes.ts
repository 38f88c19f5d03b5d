import type { Objective, Summary } from "@drainprobe/core";
import type { NodeView } from "@drainprobe/core/merge";
import { field, wrap } from "../text/layout.js";
import { printable } from "../text/printable.js";
import type { ReportStyle } from "./report-input.js";
import { lossSentence } from "./verdict-line.js";

interface NodeLog {
  readonly summary: Summary;
  readonly view: NodeView;
}

type Verdict = Summary["verdict"];
const WORST: readonly Verdict[] = ["fail", "inconclusive", "pass"];

/** The verdict over all logs: which objectives were missed, by how much and where, then a line for each node. */
export function allNodesLines(logs: readonly NodeLog[], { width, palette }: ReportStyle): string[] {
  const verdict = WORST.find((each) => logs.some(({ summary }) => summary.verdict === each)) ?? "inconclusive";
  const paint = { pass: palette.green, fail: palette.red, inconclusive: palette.yellow };
  const those = logs.filter(({ summary }) => summary.verdict === verdict).length;
  const word = verdict.toUpperCase();
  const missed = missedObjectives(logs);
  const head = `${word} on ${those} of ${logs.length} nodes`;
  const lines = missed.flatMap(({ text, nodes }) => {
    const [first, ...more] = nodes;
    const also = more.length === 0 ? "" : `; also on ${more.map(({ node }) => printable(node)).join(", ")}`;
    const why = first === undefined ? "" : `: ${printable(first.node)}: ${printable(first.why)}${also}`;
    return wrap(`not met: ${printable(text)}${why}`, width - 2).map((line) => `  ${line}`);
  });
  return [
    paint[verdict](palette.bold(head)),
    ...lines,
    ...(lines.length === 0 ? [] : [""]),
    ...logs.flatMap(({ summary, view }) => {
      const text = `${summary.verdict.toUpperCase()}: ${lossSentence(summary)}`;
      const [first = "", ...rest] = field(printable(view.node), text, 2, nameWidth(logs), width);
      return [first.replace(/FAIL|INCONCLUSIVE|PASS/, (name) => paint[summary.verdict](name)), ...rest];
    }),
  ];
}

const MAX_NAME = 30;

function nameWidth(logs: readonly NodeLog[]): number {
  return Math.min(MAX_NAME, Math.max(...logs.map(({ view }) => printable(view.node).length))) + 2;
}

interface Missed {
  readonly text: string;
  readonly nodes: { readonly node: string; readonly why: string }[];
}

/** Each objective that some node missed, with those nodes. */
function missedObjectives(logs: readonly NodeLog[]): readonly Missed[] {
  const missed = new Map<Objective["name"], Missed>();
  for (const { summary, view } of logs) {
    for (const { name, text, result, why } of summary.rollout?.objectives ?? []) {
      if (result !== "fail") continue;
      const known = missed.get(name) ?? { text, nodes: [] };
      known.nodes.push({ node: view.node, why });
      missed.set(name, known);
    }
  }
  return [...missed.values()];
}
