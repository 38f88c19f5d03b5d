import type { RunWatch } from "./run-watch.js";

/** Attempts of each fresh lane that must have met the new state before a run may end. */
const SEEN_BY_EACH_LANE = 3;
const FRESH_LANES = ["fresh.tcp", "fresh.tls", "fresh.h2"] as const;

/** Every session that worked when the server was acted on is closed. */
async function oldSessionsClosed(run: RunWatch): Promise<void> {
  await run.until("old sessions closed", (seen) => seen.atMark().every((connection) => connection.closed));
}

/** Nothing listens any more: each fresh lane was refused. */
export async function refused(run: RunWatch): Promise<void> {
  await run.until("fresh connections refused", (seen) =>
    FRESH_LANES.every((lane) => !laneRuns(seen, lane) || seen.refused(lane) >= SEEN_BY_EACH_LANE),
  );
}

/** Requests are answered again: on new sessions of the lanes held and slow, and on fresh connections. */
async function servedAnew(run: RunWatch): Promise<void> {
  await run.until(
    "all sessions reopened and requests answered",
    (seen) =>
      ["held 0", "held 1", "idle 0", "slow 0"].every((slot) => seen.reopened.has(slot)) &&
      (seen.answered.get("held") ?? 0) >= 10 &&
      (seen.answered.get("fresh.h2") ?? 0) >= SEEN_BY_EACH_LANE,
  );
}

/** Requests go on being answered on the sessions that are there. */
export async function servedStill(run: RunWatch): Promise<void> {
  await run.until("held requests answered after the action", (seen) => (seen.answered.get("held") ?? 0) >= 20);
}

function laneRuns(run: RunWatch, lane: string): boolean {
  return [...run.connections.values()].some((connection) => connection.lane === lane);
}

/** The server is gone and nothing takes its place. */
export async function endedForGood(run: RunWatch): Promise<void> {
  await oldSessionsClosed(run);
  await refused(run);
}

/** The old sessions are gone and new ones work. */
export async function replaced(run: RunWatch): Promise<void> {
  await oldSessionsClosed(run);
  await servedAnew(run);
}
