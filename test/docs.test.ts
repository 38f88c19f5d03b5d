import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { SIGNATURES } from "../packages/probe-core/src/catalogue/index.js";
import * as rules from "../packages/probe-core/src/classify/index.js";
import { ERROR_CODES } from "../packages/probe-core/src/errors.js";
import { EVENT_KINDS } from "../packages/probe-core/src/events/index.js";
import { LIMITS } from "../packages/probe-core/src/limits.js";
import { PROMETHEUS_METRICS } from "../packages/probe-core/src/sinks/prometheus-metrics.js";
import { SCENARIOS } from "../packages/testbed/src/index.js";
import { benchPage, readResults } from "../scripts/lib/bench-tables.mjs";
import { engineTable, fill, metricTable, rulesPage, signaturesPage } from "../scripts/lib/docs.mjs";
import { ROOT } from "../scripts/lib/proc.mjs";

const { CLOSES, VERDICT_TYPES } = rules;

const page = (name: string): string => readFileSync(join(ROOT, "docs", name), "utf8");

/** Entries of the form "### `name`", with the text below each. */
function entries(markdown: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of markdown.split(/^### /m).slice(1)) {
    const name = /^`([^`]+)`\n/.exec(part)?.[1];
    expect(name, `a heading without a name in backticks: ${part.slice(0, 40)}`).toBeDefined();
    expect(found.has(name!), `${name} is documented twice`).toBe(false);
    found.set(name!, part.split(/^## /m)[0]!);
  }
  return found;
}

/** The part of a page from one "## " heading to the next. */
function section(markdown: string, heading: string): string {
  const part = markdown.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  expect(part, `no section "${heading}"`).toBeDefined();
  return part!;
}

/** First column of the tables of a text, where it holds a name in backticks. */
function rows(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
}

const sorted = (names: Iterable<string>): string[] => [...names].sort();

describe("docs/events.md", () => {
  const documented = entries(page("events.md"));
  it("has each event kind and nothing else", () => expect(sorted(documented.keys())).toEqual(sorted(EVENT_KINDS)));
  it("has them in the order of the registry", () => expect([...documented.keys()]).toEqual([...EVENT_KINDS]));
  it.each([...documented])("%s: when it fires, what it implies, what it does not prove", (_kind, text) => {
    expect(text).toMatch(/\*\*Fires\*\* \S/);
    expect(text).toMatch(/\*\*Implies\*\* \S/);
    expect(text).toMatch(/\*\*Does not prove\*\* \S/);
  });
});

describe("docs/verdicts.md", () => {
  const markdown = page("verdicts.md");
  const closes = entries(section(markdown, "How a connection ended: `close`"));
  const types = entries(section(markdown, "What failed: `type`"));
  it("has each close and nothing else", () => expect([...closes.keys()]).toEqual([...CLOSES]));
  it("has each verdict type and nothing else", () => expect([...types.keys()]).toEqual([...VERDICT_TYPES]));
  it.each([...closes, ...types])("%s: when it is given, what it implies, what it does not prove", (_name, text) => {
    expect(text).toMatch(/\*\*Given\*\* \S/);
    expect(text).toMatch(/\*\*Implies\*\* \S/);
    expect(text).toMatch(/\*\*Does not prove\*\* \S/);
  });
});

describe("docs/errors.md", () => {
  it("has each error code and nothing else", () => {
    expect(rows(page("errors.md")).filter((name) => /^[A-Z]/.test(name))).toEqual([...ERROR_CODES]);
  });
});

describe("docs/limits.md", () => {
  it("has each bound and nothing else", () => {
    expect(rows(section(page("limits.md"), "Bounds"))).toEqual(Object.keys(LIMITS));
  });
});

describe("ARCHITECTURE.md", () => {
  it("maps each folder of probe-core and no other", () => {
    const mapped = rows(readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8")).map((name) =>
      name.replace(/^src\/|\/$/g, ""),
    );
    const folders = readdirSync(join(ROOT, "packages/probe-core/src"), { withFileTypes: true });
    expect(sorted(mapped)).toEqual(sorted(folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)));
  });
});

describe("docs/README.md", () => {
  it("leads to every page", () => {
    const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md") && name !== "README.md");
    const linked = new Set([...page("README.md").matchAll(/\]\(([\w-]+\.md)\)/g)].map((link) => link[1]!));
    expect(sorted(linked)).toEqual(sorted(pages));
  });
});

describe("links between pages", () => {
  const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].concat(
    readdirSync(join(ROOT, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  );
  it.each(pages)("%s: each leads somewhere", (name) => {
    const links = [...readFileSync(join(ROOT, name), "utf8").matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].map(
      (link) => link[1]!,
    );
    for (const link of links) expect(existsSync(join(ROOT, dirname(name), link)), link).toBe(true);
  });
});

describe("pages made from the code are up to date (node scripts/docs.mjs)", () => {
  it("docs/rules.md", () => expect(page("rules.md")).toBe(rulesPage(rules)));
  it("docs/signatures.md", () => expect(page("signatures.md")).toBe(signaturesPage(SIGNATURES)));
  it("the tables of docs/bench.md", () => {
    const results = readResults(join(ROOT, "bench/results"));
    expect(results.map(({ bench }) => bench)).toEqual(["churn", "throughput", "fidelity", "scale", "log"]);
    expect(page("bench.md")).toBe(benchPage(page("bench.md"), results));
  });
  it("the metrics of docs/metrics.md", () => {
    expect(page("metrics.md")).toBe(fill(page("metrics.md"), "metrics", metricTable(PROMETHEUS_METRICS)));
  });
  it("the scenarios of docs/engines.md", () => {
    expect(page("engines.md")).toBe(fill(page("engines.md"), "scenarios", engineTable(SCENARIOS)));
  });
});
