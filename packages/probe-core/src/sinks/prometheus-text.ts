import { printableText } from "../events/index.js";
import { PrometheusHistogram } from "./prometheus-histogram.js";
import { type Metric, type MetricName, PROMETHEUS_METRICS } from "./prometheus-metrics.js";

/** What `Content-Type` says of the text: the exposition format that every Prometheus reads. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Most of a label's value that is served, escaped. */
const LABEL_CHARS = 256;

/** A number that goes up, or, of a gauge, up and down. */
export interface Cell {
  value: number;
}

/** One metric with its label values. Label values are texts of ours; they are escaped all the same. */
class Family<T> {
  readonly #name: string;
  readonly #metric: Metric;
  readonly #create: () => T;
  readonly #lines: (name: string, labels: string, child: T, into: string[]) => void;
  readonly #children = new Map<string, T>();

  constructor(
    name: string,
    metric: Metric,
    create: () => T,
    lines: (name: string, labels: string, child: T, into: string[]) => void,
  ) {
    this.#name = name;
    this.#metric = metric;
    this.#create = create;
    this.#lines = lines;
  }

  /** The one with these label values, in the order in which the metric names its labels; made when it is first asked for. */
  of(...values: readonly string[]): T {
    const { labels } = this.#metric;
    if (values.length !== labels.length) throw new Error(`${this.#name} has ${labels.length} labels`);
    const text = labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? "")}"`).join(",");
    let child = this.#children.get(text);
    if (child === undefined) {
      child = this.#create();
      this.#children.set(text, child);
    }
    return child;
  }

  write(into: string[]): void {
    const lines: string[] = [];
    for (const [labels, child] of this.#children) this.#lines(this.#name, labels, child, lines);
    if (lines.length === 0) return;
    into.push(`# HELP ${this.#name} ${escapeHelp(this.#metric.help)}`, `# TYPE ${this.#name} ${this.#metric.type}`);
    for (const line of lines) into.push(line);
  }
}

type FamilyOf<M> = M extends { readonly type: "histogram" } ? Family<PrometheusHistogram> : Family<Cell>;

/** Every family by its metric's name. */
export type Families = { readonly [N in MetricName]: FamilyOf<(typeof PROMETHEUS_METRICS)[N]> };

/** A set of metrics without any value. */
export function createFamilies(): Families {
  const families = Object.entries<Metric>(PROMETHEUS_METRICS).map(([name, metric]) => [name, familyOf(name, metric)]);
  // Each was made from its own entry of the table, which is what Families says.
  return Object.fromEntries(families) as Families;
}

function familyOf(name: string, metric: Metric): Family<Cell> | Family<PrometheusHistogram> {
  if (metric.type !== "histogram") return new Family<Cell>(name, metric, () => ({ value: 0 }), writeCell);
  const { buckets } = metric;
  const bounds = [...buckets.map(String), "+Inf"];
  return new Family(
    name,
    metric,
    () => new PrometheusHistogram(buckets),
    (family, labels, child, into) => writeHistogram(bounds, family, labels, child, into),
  );
}

/** All that has a value, as Prometheus reads it. */
export function prometheusText(families: Families): string {
  const lines: string[] = [];
  for (const family of Object.values(families)) family.write(lines);
  lines.push("");
  return lines.join("\n");
}

function writeCell(name: string, labels: string, { value }: Cell, into: string[]): void {
  into.push(labels === "" ? `${name} ${value}` : `${name}{${labels}} ${value}`);
}

function writeHistogram(
  bounds: readonly string[],
  name: string,
  labels: string,
  child: PrometheusHistogram,
  into: string[],
): void {
  const counts = child.cumulative();
  // A lane that never does the thing has no histogram of it; its counters are there, at 0.
  if (counts.at(-1) === 0) return;
  const before = labels === "" ? "" : `${labels},`;
  for (const [index, bound] of bounds.entries()) into.push(`${name}_bucket{${before}le="${bound}"} ${counts[index]}`);
  const own = labels === "" ? "" : `{${labels}}`;
  into.push(`${name}_sum${own} ${child.sumSeconds}`, `${name}_count${own} ${counts.at(-1)}`);
}

function escapeLabel(value: string): string {
  return printableText(value, LABEL_CHARS).replace(/\\/g, "\\\\").replace(/"/g, '\\"');
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}
