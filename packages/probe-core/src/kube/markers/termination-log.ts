import { wallNowMs } from "../../clock/wall-now.js";
import type { BackendName, Nanos } from "../../events/index.js";
import { NANOS_PER_MS } from "../../events/index.js";
import { followFile } from "./file-follower.js";
import { klogTime, parseKlogLine } from "./klog.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";
import { TerminationReader, terminationWord } from "./termination-words.js";

/** Options of {@link followTerminationLog}. */
export interface TerminationLogOptions {
  /** A klog file of the API server on this host: on OpenShift `/var/log/kube-apiserver/termination.log`. */
  readonly file: string;
  /** Whose log it is, where its lines do not say. */
  readonly backend: BackendName;
  /** How often it is looked at. Default 50 ms. */
  readonly pollNs?: Nanos;
  /** Minutes east of UTC in which it is written. Default: UTC or this host's zone, whichever fits each line better. */
  readonly zoneMinutes?: number;
}

/** klog writes microseconds. */
const RESOLUTION_NS: Nanos = 1_000;

/** A line said to be further from now than this was not written now: a log that was moved here. */
const STALE_MS = 10 * 60_000;

/** Follows the API server's own log of its termination. What the file holds at the start is not told. */
export function followTerminationLog(options: TerminationLogOptions, deps: MarkerDeps): StopSource {
  const { clock } = deps;
  const teller = new MarkerTeller("termination.log", deps);
  const reader = new TerminationReader();
  const onLine = (line: string, sinceNs: Nanos): void => {
    const klog = parseKlogLine(line);
    const word = klog === null ? null : terminationWord(klog.message);
    if (klog === null || word === null) return;
    const nearMs = wallNowMs();
    const said = klogTime(klog, { nearMs, zonesMinutes: zones(options, nearMs) });
    if (said === null || Math.abs(said.ms - nearMs) > STALE_MS) return;
    const moment = reader.read(word, said.ms);
    if (moment === null) return;
    const now = clock.instant();
    teller.tell(
      { backend: options.backend, saidAt: said.iso, resolutionNs: RESOLUTION_NS, ...moment },
      { t: now.t, u: Math.max(now.u, Math.min(sinceNs, now.t)) },
    );
  };
  const stop = followFile({
    file: options.file,
    pollNs: options.pollNs ?? 50 * NANOS_PER_MS,
    clock,
    onLine,
    onProblem: (code) => {
      if (code !== null) teller.notice(`${options.file} cannot be read: ${code}`);
    },
  });
  return async () => {
    teller.stop();
    await stop();
  };
}

function zones({ zoneMinutes }: TerminationLogOptions, nearMs: number): readonly number[] {
  return zoneMinutes === undefined ? [0, -new Date(nearMs).getTimezoneOffset()] : [zoneMinutes];
}
