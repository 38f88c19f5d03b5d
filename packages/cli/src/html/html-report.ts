import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonText } from "../text/json.js";
import type { ReportData } from "./page/data.js";
import { STYLE } from "./style.js";

/** The page's scripts, each after those it needs: joined, they are one script. */
const SCRIPTS = [
  "data",
  "dom",
  "words",
  "state",
  "rows",
  "theme",
  "axis",
  "marks",
  "lanes",
  "panels",
  "incidents",
  "detail",
  "summary",
  "twin",
  "pointer",
  "filters",
  "main",
] as const;

/** The report as one file that needs nothing else: no network, no other file, and nothing in it that a log could turn into code. */
export function htmlReport(data: ReportData): string {
  const script = pageScript();
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(STYLE)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const title = `drainprobe: ${data.verdict}, ${data.nodes.map(({ node }) => node).join(", ")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${BODY}
<footer>Made by drainprobe ${escaped(data.version)}. Times are when this side saw a thing; the kernel may have had it earlier by the uncertainty given with each.</footer>
<script type="application/json" id="data">${jsonInHtml(data)}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

const icon = (shape: string): string => `<svg viewBox="0 0 12 12" aria-hidden="true">${shape}</svg>`;

const BODY = `<header id="top"></header>
<main>
<section id="findings-section" aria-labelledby="findings-head"><h2 id="findings-head">Findings</h2><div id="findings"></div></section>
<section class="work">
<div class="chart">
<div class="bar" id="filters" role="group" aria-label="Filters and zoom">
<span><button type="button" id="zoom-in" aria-label="Zoom in">+</button> <button type="button" id="zoom-out" aria-label="Zoom out">−</button> <button type="button" id="zoom-all">all</button></span>
<span id="range" aria-live="polite"></span>
</div>
<canvas id="lanes" tabindex="0" role="img" aria-label="Swimlanes: each connection a line, by node, path and lane. Arrow keys left and right move, plus and minus zoom, up and down go through incidents. The same is in the table below." aria-describedby="keys"></canvas>
<canvas id="panels" role="img" aria-label="Throughput, errors and the termination phase of each backend over the same time. The table below has the numbers."></canvas>
<p class="legend" aria-hidden="true">
<span>${icon('<path d="M1 1h10L6 10z" fill="var(--goaway)"/>')}GOAWAY</span>
<span>${icon('<path d="M6 0v12" stroke="var(--fin)" stroke-width="3"/>')}FIN</span>
<span>${icon('<path d="M2 2l8 8M10 2l-8 8" stroke="var(--loss)" stroke-width="2.4"/>')}RST, refused</span>
<span>${icon('<circle cx="6" cy="6" r="4" fill="none" stroke="var(--notify)" stroke-width="2"/>')}close_notify</span>
<span>${icon('<path d="M6 1l5 5-5 5-5-5z" fill="none" stroke="var(--ping)" stroke-width="2"/>')}PING lost</span>
<span>${icon('<path d="M2 2h8v8H2z" fill="none" stroke="var(--loss)" stroke-width="2"/>')}TLS or HTTP/2 broken</span>
<span>${icon('<circle cx="6" cy="6" r="3" fill="var(--loss)"/>')}request lost</span>
<span>${icon('<path d="M2 2h8v8H2z" fill="var(--unsafe)"/>')}write lost, unsafe to retry</span>
<span>${icon('<path d="M0 2h12v8H0z" fill="var(--loss)" opacity="0.25"/>')}when it may have been</span>
</p>
<p class="keys none" id="keys">Drag to zoom, double click for all; Ctrl and wheel zoom, Shift and wheel move. Keys on the chart: ← → move, + − zoom, 0 all, ↑ ↓ incidents, Esc none.</p>
</div>
<aside class="side" aria-label="Incidents">
<h2>Incidents, worst first: <span id="incident-count"></span></h2>
<ol id="incidents"></ol>
<div id="detail" aria-live="polite"></div>
</aside>
</section>
<section><details id="twin-details"><summary>The chart as tables</summary><div id="twin"></div></details></section>
</main>
<div id="tip" hidden></div>
<div id="said" class="unseen-text" role="status"></div>
<noscript>This report is drawn by a script that is part of this file; your browser does not run it.</noscript>`;

/** The compiled scripts of `page/`, without their imports and exports. */
function pageScript(): string {
  const here = new URL("./page/", import.meta.url);
  // The sources of a working copy are run by tests; what they draw with is compiled beside.
  const dir = existsSync(new URL("main.js", here)) ? here : new URL("../../dist/html/page/", import.meta.url);
  const parts = SCRIPTS.map((name) => {
    const file = new URL(`${name}.js`, dir);
    if (!existsSync(file)) throw new Error(`${fileURLToPath(file)} is missing: the package was not built`);
    return readFileSync(file, "utf8")
      .replace(/^import [^;]*;\n/gm, "")
      .replace(/^export \{\};\n/gm, "")
      .replace(/^export /gm, "")
      .replace(/^\/\/# sourceMappingURL=.*$/gm, "");
  });
  // What ends a script element must not be in a script.
  return parts.join("\n").replace(/<\/script/gi, "<\\/script");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that no HTML parser can mistake for markup, and no script for a line's end. */
function jsonInHtml(value: unknown): string {
  return jsonText(value).replace(/[<>&]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}
