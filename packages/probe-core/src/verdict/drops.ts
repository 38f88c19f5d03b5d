/** Names under which this library counts what it dropped. */
export const DROPS = {
  /** Event kinds of a newer minor version. */
  unknownEvents: "unknown events",
  /** Events of a connection that the log never showed to begin. */
  unattributedEvents: "unattributed events",
  /** Sequence numbers that are not in the log. */
  missingEvents: "missing events",
  /** Lines that are not a record. */
  corruptLines: "corrupt lines",
  /** Events that a slow or full disk kept out of the log. */
  logEvents: "log events",
  openConnections: "open connections",
  openRequests: "open requests",
  /** Incidents counted, and over the bound of the list. */
  incidents: "incidents",
  incidentEvidence: "incident evidence",
  goaways: "goaways",
  /** Markers of a rollout over the bound of their backend. */
  rolloutMarkers: "rollout markers",
  /** Samples that a rollout's numbers needed and that were too many. */
  rolloutSamples: "rollout samples",
  /** Failures over the bound of the list that puts them in their phases. */
  placedFailures: "placed failures",
  /** Verdict lines over the bound of the log's end: they can be recomputed. */
  verdicts: "verdicts",
  /** Oldest parts of the log, removed to keep it below its size. */
  logParts: "log parts",
  /** Records that a slow reader of `probe.records()` missed. */
  records: "records",
} as const;

/** Drops that shorten an output and take nothing from what the verdict rests on. */
const HARMLESS: ReadonlySet<string> = new Set([
  DROPS.incidents,
  DROPS.incidentEvidence,
  DROPS.goaways,
  DROPS.placedFailures,
  DROPS.verdicts,
  DROPS.logParts,
  DROPS.records,
]);

/** Does dropping this weaken the result? Names we do not know do. */
export function weakensResult(name: string): boolean {
  return !HARMLESS.has(name);
}

/** Joins counts of the same drops told twice, by the larger; zeros are left out. */
export function joinDrops(...all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const joined: Record<string, number> = {};
  for (const drops of all) {
    for (const [name, count] of Object.entries(drops)) {
      if (count > 0) joined[name] = Math.max(joined[name] ?? 0, count);
    }
  }
  return joined;
}
