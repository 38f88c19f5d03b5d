/** Pages and parts of pages that are made from the code, so that they cannot be wrong about it. */

const code = (value) => (value === null ? "–" : `\`${value}\``);
const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const table = (head, rows) =>
  [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...rows.map((row) => `| ${row.join(" | ")} |`)].join(
    "\n",
  );

/** docs/rules.md, from the classifier's tables. */
export function rulesPage({ CONNECTION_RULES, FIN_WITH_RST, GOAWAY_RULES, REQUEST_RULES }) {
  const connections = CONNECTION_RULES.map(({ name, on, doc, close, type }) => [
    code(name),
    code(on),
    code(close),
    code(type),
    cell(doc),
  ]);
  const refinements = [
    [
      code(FIN_WITH_RST.name),
      `\`${FIN_WITH_RST.on}\` with \`${FIN_WITH_RST.refines}\``,
      "–",
      code(FIN_WITH_RST.type),
    ].concat(cell(FIN_WITH_RST.doc)),
    ...GOAWAY_RULES.map(({ name, doc, close, type }) => [
      code(name),
      "a GOAWAY before it",
      code(close),
      type === "keep" ? "as the end alone" : code(type),
      cell(doc),
    ]),
  ];
  const requests = REQUEST_RULES.map(({ name, on, doc, outcome }) =>
    outcome === "ok"
      ? [code(name), code(on), "ok", "", "", cell(doc)]
      : [
          code(name),
          on === "connection.ended" ? "its connection's end" : code(on),
          outcome.type === "connection" ? "the connection's" : code(outcome.type),
          outcome.scope,
          outcome.processed,
          cell(doc),
        ],
  );
  return `# Rules

Made from the classifier's tables by \`node scripts/docs.mjs\`; do not edit. What the types mean, and what they do not
prove, is in [verdicts.md](verdicts.md).

## How a connection ends

The first event that fits a rule ends the connection; what comes later changes nothing. Among rules on the same event the first
that fits decides.

${table(["rule", "event", "close", "type", "when"], connections)}

## What refines it

${table(["rule", "given", "close", "type", "when"], refinements)}

A GOAWAY with an error code makes the type \`h2.goaway\`, unless the connection fell silent or broke the protocol.

## How a request ends

Among rules on the same event the first that fits decides. A request above a GOAWAY's last stream id ends at that GOAWAY.

${table(["rule", "event", "type", "scope", "processed", "when"], requests)}
`;
}

/** docs/signatures.md, from the catalogue. */
export function signaturesPage(SIGNATURES) {
  const sections = SIGNATURES.map(({ id, title, core, conditions, cause, fix, references }) =>
    [
      `### \`${id}\``,
      `**${title}.**`,
      [`- must be seen: ${core.text}`, ...conditions.map((condition) => `- ${condition.text}`)].join("\n"),
      `**Cause** ${cause}`,
      `**Fix** ${fix}`,
      `**Known from** ${references.join("; ")}.`,
    ].join("\n\n"),
  );
  return `# Known failures

Made from the catalogue in \`packages/probe-core/src/catalogue/signatures.ts\` by \`node scripts/docs.mjs\`; do not edit.

\`report\` and \`explain\` compare what they saw with this list and print what fits, with its cause and what mended it elsewhere. A signature
fits if its first condition was seen and none of the others is known to be false. It fits in full if all were seen to hold; in part if some
cannot be told from where we look, and those are named. Some conditions, such as the kind of balancer, no client can see: you know
them. Several signatures may fit one failure. A catalogue narrows down; it proves nothing, and "none fits" is an answer too.

Logs tell less than a run: \`explain\` knows neither phases nor clean ends nor the attempts that worked, so it mostly matches in part.

${sections.join("\n\n")}
`;
}

/** The table of docs/metrics.md: everything that is served. */
export function metricTable(METRICS) {
  const rows = Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(", "),
    cell(help),
  ]);
  return table(["metric", "type", "labels", "what it is"], rows);
}

/** The table of docs/engines.md: scenarios in which the `node` engine may report something else, and why. */
export function engineTable(SCENARIOS) {
  const rows = SCENARIOS.filter(({ expected }) => expected.nodeEngine !== undefined).map(
    ({ name, title, expected }) => [code(name), cell(title), cell(expected.nodeEngine.why)],
  );
  return table(["scenario", "what happens", "what node:http2 does"], rows);
}

/** Puts a text between a page's markers `<!-- name -->` and `<!-- /name -->`. */
export function fill(page, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no markers ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`;
}
