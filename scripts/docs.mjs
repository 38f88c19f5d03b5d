// Writes the pages that are made from the code. A test fails while they are not up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { benchPage, readResults } from "./lib/bench-tables.mjs";
import { engineTable, fill, metricTable, rulesPage, signaturesPage } from "./lib/docs.mjs";
import { ROOT } from "./lib/proc.mjs";

await build();
const rules = await import("../packages/probe-core/dist/classify/index.js");
const { PROMETHEUS_METRICS } = await import("../packages/probe-core/dist/index.js");
const { SCENARIOS } = await import("../packages/testbed/dist/index.js");
writeFileSync(join(ROOT, "docs/rules.md"), rulesPage(rules));
const { SIGNATURES } = await import("../packages/probe-core/dist/catalogue/index.js");
writeFileSync(join(ROOT, "docs/signatures.md"), signaturesPage(SIGNATURES));
const engines = join(ROOT, "docs/engines.md");
writeFileSync(engines, fill(readFileSync(engines, "utf8"), "scenarios", engineTable(SCENARIOS)));
const metrics = join(ROOT, "docs/metrics.md");
writeFileSync(metrics, fill(readFileSync(metrics, "utf8"), "metrics", metricTable(PROMETHEUS_METRICS)));
const bench = join(ROOT, "docs/bench.md");
writeFileSync(bench, benchPage(readFileSync(bench, "utf8"), readResults(join(ROOT, "bench/results"))));
