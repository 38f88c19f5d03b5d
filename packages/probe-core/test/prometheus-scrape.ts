/** One line of `/metrics`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a scrape held. Written from the format's description, not from our writer. */
export class Scrape {
  readonly samples: readonly Sample[];
  readonly types = new Map<string, string>();
  readonly helps = new Map<string, string>();

  constructor(text: string) {
    if (!text.endsWith("\n")) throw new Error("the last line must end with a line feed");
    const samples: Sample[] = [];
    for (const line of text.slice(0, -1).split("\n")) {
      const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
      if (comment === null) samples.push(sampleOf(line));
      else {
        const [, what, name = "", rest = ""] = comment;
        const seen = what === "HELP" ? this.helps : this.types;
        if (seen.has(name)) throw new Error(`two ${what} lines for ${name}`);
        if (samples.some((sample) => sample.name === name)) throw new Error(`${what} of ${name} after its samples`);
        seen.set(name, rest);
      }
    }
    this.samples = samples;
  }

  /** The sum of a metric's samples that have these label values; `undefined` where there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.of(name, labels);
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** Sums by one label's values; zeros are left out. */
  by(name: string, label: string, labels: Readonly<Record<string, string>> = {}): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const sample of this.of(name, labels)) {
      const key = sample.labels[label] ?? "";
      if (sample.value !== 0) sums[key] = (sums[key] ?? 0) + sample.value;
    }
    return sums;
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }
}

function sampleOf(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = "", inside = "", number = ""] = match;
  const labels: Record<string, string> = {};
  let rest = inside;
  while (rest !== "") {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest);
    if (label === null) throw new Error(`not a label: ${rest}`);
    labels[label[1] ?? ""] = (label[2] ?? "").replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
    rest = rest.slice(label[0].length);
  }
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) throw new Error(`not a number: ${line}`);
  return { name, labels, value };
}
