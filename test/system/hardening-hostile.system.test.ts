import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTILE_SCENARIOS, type Scenario, startRawServer } from "@drainprobe/testbed";
import { afterAll, describe, expect, it } from "vitest";
import { startProbe } from "./support/hardening/probe.js";
import { endAllIn } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";

/** What a hostile server may make the probe hold beyond what an ordinary run holds. */
const MORE_MB = 48;
const table: { readonly name: string; readonly mb: number; readonly verdicts: string }[] = [];

/** The most memory a run against this server ever held, in MB. */
async function peakOf(url: string, ca: string | null, plan: Scenario["plan"]): Promise<{ mb: number; types: string }> {
  const dir = makeDir("peak");
  const peak = join(dir, "peak");
  // Written by the process itself when it ends: a look from outside would miss the peak.
  const tell = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`;
  const { held, freshTls } = plan.lanes;
  const [method = "GET", body = ""] = [plan.request?.method, plan.request?.body];
  const trust = join(dir, "ca.pem");
  writeFileSync(trust, ca ?? "");
  const run = await startProbe(
    [
      ...["--target", url, ...(ca === null ? [] : ["--ca", trust]), "--duration", "1500ms"],
      ...(held === undefined
        ? ["--rate", "0"]
        : [
            "--sessions",
            String(held.sessions),
            "--streams",
            String(held.streams),
            "--rate",
            String(held.ratePerSecond),
          ]),
      ...(freshTls === undefined ? [] : ["--fresh-tls", String(freshTls.ratePerSecond)]),
      ...["--request", `${method} / ${body}`.trim(), "--ping-interval", `${plan.pingIntervalMs ?? 250}ms`],
      ...[
        "--ping-timeout",
        `${plan.pingTimeoutMs ?? 2_000}ms`,
        "--request-timeout",
        `${Math.min(plan.requestTimeoutMs ?? 1_000, 1_000)}ms`,
      ],
      ...["--connect-timeout", `${plan.connectTimeoutMs ?? 5_000}ms`],
    ],
    { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` }, begun: null },
  );
  const { summary } = await run.result();
  await endAllIn(run.dir);
  const types = [...Object.keys(summary.connections.byType), ...Object.keys(summary.requests.byType)];
  return { mb: Number(readFileSync(peak, "utf8")) / 1024, types: [...new Set(types)].sort().join(", ") };
}

describe("a hostile server is held to a bound on memory", () => {
  let baseline: Promise<number> | null = null;
  const healthy = async (): Promise<number> => {
    const server = await startRawServer({ identity: null });
    try {
      const plan = { lanes: { held: { sessions: 2, streams: 3, ratePerSecond: 60 } } };
      return (await peakOf(server.url, null, plan)).mb;
    } finally {
      await server.close();
    }
  };
  afterAll(async () => {
    console.log(`an ordinary run: ${(await baseline)?.toFixed(0)} MB`);
    for (const { name, mb, verdicts } of table) console.log(`| \`${name}\` | ${mb.toFixed(0)} MB | ${verdicts} |`);
  });

  it.concurrent.each(HOSTILE_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (name, scenario) => {
      baseline ??= healthy();
      const most = (await baseline) + MORE_MB;
      const running = await scenario.start(1);
      try {
        const { mb, types } = await peakOf(running.url, running.ca, scenario.plan);
        table.push({ name, mb, verdicts: types });
        expect(mb).toBeLessThan(most);
      } finally {
        await running.close();
      }
    },
  );
});
