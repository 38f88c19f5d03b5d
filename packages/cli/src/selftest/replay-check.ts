import { encodeVerdict, replay, type Summary, type Verdict } from "@drainprobe/core";

/**
 * Replays a log and compares the verdicts with those given live and with those at the end of the log, byte for byte, and
 * what the summary counts with what it counted. Gives the first difference in words, or `null`.
 */
export async function replayDifference(
  log: string,
  live: Summary,
  verdicts: readonly Verdict[],
): Promise<string | null> {
  const replayed: string[] = [];
  const recorded: string[] = [];
  const { summary, problems } = await replay(log, {
    onVerdict: (verdict) => replayed.push(encodeVerdict(verdict)),
    onRecordedVerdict: (line) => recorded.push(line),
  });
  const [problem] = problems;
  if (problem !== undefined) return `replay: line ${problem.line ?? "?"} of the log: ${problem.message}`;
  return (
    firstDifference("replayed verdict", replayed, verdicts.map(encodeVerdict)) ??
    firstDifference("recorded verdict", recorded, replayed) ??
    firstDifference("replayed summary", parts(summary), parts(live))
  );
}

function firstDifference(what: string, got: readonly string[], wanted: readonly string[]): string | null {
  const index = wanted.findIndex((line, position) => line !== got[position]);
  if (index === -1 && got.length === wanted.length) return null;
  const at = index === -1 ? wanted.length : index;
  return `${what} ${at + 1} is ${got[at] ?? "missing"}, live it was ${wanted[at] ?? "not there"}`;
}

function parts({ verdict, requests, connections, incidents, paths, coverage }: Summary): string[] {
  return [verdict, requests, connections, incidents, paths, coverage].map((part) => JSON.stringify(part));
}
