import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OwnedProcess, startProcess } from "../owned-process.js";
import { listening, reservePort } from "../ports.js";
import { makeDir } from "../run-dir.js";
import { until } from "../until.js";
import { deathOf, lifeOf } from "./server.js";

/** One series of an instant query's answer. */
export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of our own, with its data in a folder that goes with the test. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** An instant query. Rejects with Prometheus' own words where it does not understand it. */
  query(expr: string): Promise<readonly InstantSample[]>;
  /** Resolves once the query gives what is wanted. */
  queryUntil(expr: string, wanted: (samples: readonly InstantSample[]) => boolean): Promise<readonly InstantSample[]>;
}

/** How often it scrapes; far more often than anybody would, so that the tests are quick. */
const SCRAPE_INTERVAL = "200ms";

/** Starts Debian's prometheus on loopback, scraping one target. */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const dir = makeDir("prometheus");
  const port = await reservePort();
  writeFileSync(join(dir, "prometheus.yml"), configuration(target));
  const prometheus = await startProcess(
    "prometheus",
    [
      "--config.file=prometheus.yml",
      "--storage.tsdb.path=data",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { dir },
  );
  const url = `http://127.0.0.1:${port}`;
  await listening(port, deathOf(prometheus));
  await until(async () => (await fetch(`${url}/-/ready`)).ok, { what: () => said(prometheus), withinMs: 30_000 });
  const query = (expr: string): Promise<readonly InstantSample[]> => ask(url, expr);
  return {
    url,
    query,
    async queryUntil(expr, wanted) {
      let last: readonly InstantSample[] = [];
      return until(
        async () => {
          last = await query(expr);
          return wanted(last) ? last : null;
        },
        { what: () => `${expr}; it is ${JSON.stringify(last)}; ${said(prometheus)}`, withinMs: 30_000 },
      );
    },
    ...lifeOf(dir, prometheus),
  };
}

function configuration(target: string): string {
  return `
global:
  scrape_interval: ${SCRAPE_INTERVAL}
scrape_configs:
  - job_name: drainprobe
    static_configs:
      - targets: ["${target}"]
`;
}

function said(prometheus: OwnedProcess): string {
  return `prometheus to be ready: ${prometheus.stdout()}${prometheus.stderr()}`;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

async function ask(url: string, expr: string): Promise<readonly InstantSample[]> {
  const response = await fetch(`${url}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query: expr }) });
  const { status, error, data } = (await response.json()) as Answer;
  if (status !== "success" || data?.resultType !== "vector") throw new Error(`${expr}: ${error ?? data?.resultType}`);
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
