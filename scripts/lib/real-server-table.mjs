import { existsSync, readFileSync } from "node:fs";

const COLUMNS = [
  ["lane", (row) => row.lane],
  ["connections", (row) => String(row.connections)],
  ["close", (row) => row.close],
  ["closeNotify", (row) => row.closeNotify],
  ["GOAWAY", (row) => row.goaway],
  ["type", (row) => row.type],
  ["in flight", (row) => row.inFlight],
  ["requests lost", (row) => row.lost],
  ["packets agree", (row) => `${row.agree}/${row.connections}`],
];

/**
 * Reads what the system tests wrote line by line and makes the real-server table of it.
 *
 * @param {string} file `table.jsonl` of a run
 * @returns {{ markdown: string, summary: string } | null} `null` where nothing was measured
 */
export function realServerTable(file) {
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const rows = lines.filter((line) => line.kind === "row");
  const times = lines.filter((line) => line.kind === "times");
  const parts = [];
  for (const server of [...new Set(rows.map((row) => row.server))]) {
    parts.push(`## ${server}`, "");
    const ofServer = rows.filter((row) => row.server === server);
    for (const action of [...new Set(ofServer.map((row) => row.action))]) {
      parts.push(`### ${action}`, "", markdownTable(ofServer.filter((row) => row.action === action)), "");
    }
  }
  const summary = summarize(rows, times);
  parts.push("## Against the packets", "", summary, "", timesTable(times.flatMap((line) => line.samples)), "");
  return { markdown: parts.join("\n"), summary };
}

function markdownTable(rows) {
  const head = `| ${COLUMNS.map(([name]) => name).join(" | ")} |`;
  const rule = `|${" --- |".repeat(COLUMNS.length)}`;
  const body = rows.map((row) => `| ${COLUMNS.map(([, cell]) => cell(row)).join(" | ")} |`);
  return [head, rule, ...body].join("\n");
}

function summarize(rows, times) {
  const inRows = rows.reduce((sum, row) => sum + row.connections, 0);
  const agreeing = rows.reduce((sum, row) => sum + row.agree, 0);
  const judged = times.reduce((sum, line) => sum + line.connections, 0);
  const disagreeing = times.reduce((sum, line) => sum + line.disagreements, 0);
  const crossed = times.reduce((sum, line) => sum + line.crossed, 0);
  return [
    `${judged} connections in ${times.length} runs were compared with the packets: ${disagreeing} disagreements`,
    `(of the connections in the tables above, ${agreeing} of ${inRows} agree).`,
    `In ${crossed} of them the server's end was already there when we began to close, unseen: right only within the event's \`u\`.`,
  ].join("\n");
}

/** Event minus packet, and how often the packet lay in `[t - u, t]`. */
function timesTable(samples) {
  const lines = [
    "| event | packets | late, median | late, 99 % | late, most | bound `u`, median | packet within `u` |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const kind of [...new Set(samples.map((sample) => sample.kind))].sort()) {
    const ofKind = samples.filter((sample) => sample.kind === kind);
    const late = ofKind.map((sample) => sample.lateNs).sort((a, b) => a - b);
    const bound = ofKind.map((sample) => sample.u).sort((a, b) => a - b);
    const inside = ofKind.filter(
      (sample) => sample.lateNs <= sample.u + sample.errorNs && sample.lateNs >= -sample.errorNs,
    ).length;
    const cells = [
      `\`${kind}\``,
      String(ofKind.length),
      ...[0.5, 0.99, 1].map((q) => micros(quantile(late, q))),
      micros(quantile(bound, 0.5)),
      `${((inside / ofKind.length) * 100).toFixed(1)} %`,
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

function micros(ns) {
  return `${(ns / 1000).toFixed(0)} µs`;
}
