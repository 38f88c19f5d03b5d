import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/proc.mjs";

/** One query of the dashboard. */
export interface DashboardQuery {
  readonly panel: string;
  readonly expr: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

/** What the tests look at of a Grafana dashboard. */
export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(join(ROOT, "docs/grafana-dashboard.json"), "utf8")) as Dashboard;
}

export function queriesOf({ panels }: Dashboard): DashboardQuery[] {
  return panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ panel: title, expr })));
}

/** The query as Grafana sends it: with its variables filled in. */
export function filledIn(expr: string, interval: string): string {
  return expr.replaceAll("$__rate_interval", interval).replaceAll(/\$(instance|path)\b/g, ".*");
}
