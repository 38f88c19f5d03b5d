import type { ExitTime, LabExpectation, LabMoment, LabScenario, Tier } from "@drainprobe/testbed";
import { match, TOLERANCE_MS } from "./match.js";
import type { LabRun, SeenKind } from "./run-result.js";
import type { MasterLog, Sighting } from "./seen.js";
import { type SignatureOptions, signatureOf } from "./signature.js";

/** A run that is over. */
export interface Played {
  readonly scenario: LabScenario;
  readonly fixed: boolean;
  readonly tier: Tier;
  readonly seed: number;
  readonly speed: number;
  readonly logs: readonly MasterLog[];
  readonly moments: readonly LabMoment[];
  readonly rolloutMs: number;
  readonly showsHairpin: boolean;
  readonly lateMs: number;
  readonly probeLateMs: number;
  /** See {@link SignatureOptions}. */
  readonly goawayRaces: NonNullable<SignatureOptions["goawayRaces"]>;
}

/** A busy machine takes its time to start and end processes, at whatever speed. */
const EXIT_TOLERANCE_MS = 1_500;

/** Holds a run against its scenario. */
export function judge(played: Played): LabRun {
  const { scenario, fixed, tier, seed, speed, logs, moments, rolloutMs } = played;
  const expected = fixed ? scenario.expectedFixed : scenario.expected;
  const sightings = logs.flatMap((log) => log.sightings);
  const { matched, unexpected } = match({ expected, sightings, moments, speed, showsHairpin: played.showsHairpin });
  const exits = exitsOf(moments, fixed ? scenario.exits?.fixed : scenario.exits?.setup, speed);
  const unmet = matched
    .filter(({ met }) => !met)
    .map(({ expectation, count }) => ({
      what: `${words(expectation)}: ${count} seen`,
      chance: expectation.chance,
    }));
  const missed = unmet.flatMap(({ what, chance }) => (chance === undefined ? [] : [{ what, chance }]));
  const differs = [
    ...unmet.filter(({ chance }) => chance === undefined).map(({ what }) => what),
    ...kinds(unexpected, new Set()).map((kind) => `not expected: ${kindWords(kind)}`),
    ...exits
      .filter(({ met }) => !met)
      .map(({ master, afterMs }) => `${master} ended ${Math.round(afterMs)} ms after SIGTERM`),
    ...logs
      .filter(({ summary }) => summary.requests.ok === 0)
      .map(({ master }) => `${master}: no request was answered`),
  ];
  return {
    schema: "drainprobe.lab/1",
    scenario: scenario.name,
    fixed,
    tier,
    seed,
    speed,
    expected: matched.map(({ expectation, count, met }) => ({ ...expectation, seen: count, met })),
    seen: kinds(sightings, new Set(unexpected)),
    signature: signatureOf({ sightings, moments, speed, goawayRaces: played.goawayRaces }),
    exits,
    reproduced: differs.length === 0 && missed.length === 0,
    lateMs: played.lateMs,
    probeLateMs: played.probeLateMs,
    differs,
    missed,
    lost: {
      all: sum(logs, ({ lost }) => lost.all),
      processed: sum(logs, ({ lost }) => lost.processed),
      unsafe: sum(logs, ({ lost }) => lost.unsafe),
    },
    newConnectionGapMs:
      Math.max(0, ...logs.map(({ summary }) => vip(summary.paths)?.newConnections.longestGapNs ?? 0)) / 1e6,
    requests: sum(logs, ({ summary }) => vip(summary.paths)?.requests.total ?? 0),
    rolloutMs,
    moments,
    logs: [],
  };
}

function vip<T extends { readonly path: string }>(paths: readonly T[]): T | undefined {
  return paths.find(({ path }) => path === "vip");
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function exitsOf(moments: readonly LabMoment[], time: ExitTime | undefined, speed: number): LabRun["exits"] {
  return moments.flatMap(({ master, what, wallMs }, index) => {
    if (what !== "sigterm") return [];
    const end = moments.slice(index).find((each) => each.master === master && each.what === "exited");
    if (end === undefined) return [];
    const afterMs = end.wallMs - wallMs;
    const met =
      time === undefined ||
      (afterMs >= time.fromMs / speed - TOLERANCE_MS && afterMs <= time.toMs / speed + EXIT_TOLERANCE_MS);
    return [{ master, afterMs, met }];
  });
}

/** Counts what is alike. */
function kinds(sightings: readonly Sighting[], unexpected: ReadonlySet<Sighting>): SeenKind[] {
  const found = new Map<string, SeenKind>();
  for (const sighting of sightings) {
    const { scope, type, close, hairpin, master } = sighting;
    const expected = !unexpected.has(sighting);
    const key = JSON.stringify([scope, type, close, hairpin, expected]);
    const before = found.get(key) ?? {
      scope,
      type,
      close,
      hairpin,
      count: 0,
      requests: 0,
      unsafe: 0,
      masters: [],
      expected,
    };
    found.set(key, {
      ...before,
      count: before.count + 1,
      requests: before.requests + sighting.requests,
      unsafe: before.unsafe + sighting.unsafe,
      masters: before.masters.includes(master) ? before.masters : [...before.masters, master],
    });
  }
  return [...found.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count);
}

const rank = ({ type, scope }: SeenKind): number => (type === null ? 2 : scope === "request" ? 1 : 0);

/** `connection tcp.reset / reset, local IP = VIP, at least 1`. */
export function words({ scope, type, close, hairpin, count, chance }: LabExpectation): string {
  const list = (value: string | readonly string[]): string => (typeof value === "string" ? value : value.join(" or "));
  const { min, max } = count ?? { min: 1 };
  const number = max === undefined ? `at least ${min}` : min === max ? `${min}` : `${min} to ${max}`;
  return [
    `${scope} ${type === undefined ? "ended" : type === null ? "ended well" : list(type)}${close === undefined ? "" : ` / ${list(close)}`}`,
    ...(hairpin === undefined ? [] : [hairpin ? "local IP = VIP" : "local IP not the VIP"]),
    min === 0 && max === undefined ? "allowed" : `expected ${number}`,
    ...(chance === undefined ? [] : [`in ${Math.round(chance * 100)} of 100 runs`]),
  ].join(", ");
}

export function kindWords({ scope, type, close, hairpin, count }: SeenKind): string {
  const what = `${scope} ${type ?? "ended well"}${close === null ? "" : ` / ${close}`}`;
  return `${count} × ${what}${hairpin === true ? ", local IP = VIP" : ""}`;
}
