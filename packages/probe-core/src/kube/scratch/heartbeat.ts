import { backgroundTimer } from "../../clock/background-timer.js";
import type { Timer } from "../../clock/clock.js";
import type { KubeApi } from "../api/kube-api.js";
import { statusText } from "../api/status-text.js";

/** When the run that uses a namespace last said that it goes on: its wall time, RFC 3339. */
export const ALIVE_ANNOTATION = "drainprobe.dev/alive-at";

const BEAT_MS = 10_000;
/** Longer than API servers stay away while they are rolled out, and than clocks of one cluster's nodes differ. */
const DEAD_AFTER_MS = 5 * 60_000;

/** Does a run that last said so at this time go on? `null` where it never said anything, or not in a time's form. */
export function aliveByHeartbeat(said: string | null, nowMs: number): boolean | null {
  const at = Date.parse(said ?? "");
  return Number.isNaN(at) ? null : nowMs - at < DEAD_AFTER_MS;
}

/**
 * Says on the run's namespace, at once and every ten seconds, that the run goes on: a cleanup on another machine has nothing else to
 * go by. Where that is not allowed it is told once and left. Returns what ends it; nothing is written once that has resolved.
 */
export function startHeartbeat(
  api: KubeApi,
  namespace: string,
  refused: (text: string) => void,
  everyMs: number = BEAT_MS,
): () => Promise<void> {
  let timer: Timer | null = null;
  let stopped = false;
  let beating: Promise<void> = Promise.resolve();
  const beat = (): void => {
    timer = null;
    beating = say(api, namespace).then((answer) => {
      if (answer !== null) {
        refused(
          `namespace ${namespace} cannot be marked as in use (${answer}): drainprobe cleanup elsewhere cannot tell`,
        );
      } else if (!stopped) timer = backgroundTimer(everyMs, beat);
    });
  };
  beat();
  return async () => {
    stopped = true;
    timer?.cancel();
    await beating;
  };
}

/** What the server answered where it will not have it; `null` where it did, or where nobody could be asked this time. */
async function say(api: KubeApi, namespace: string): Promise<string | null> {
  const answer = await api.ask({
    method: "PATCH",
    path: `/api/v1/namespaces/${namespace}`,
    contentType: "application/merge-patch+json",
    body: { metadata: { annotations: { [ALIVE_ANNOTATION]: new Date().toISOString() } } },
  });
  return answer.ok && (answer.status === 401 || answer.status === 403) ? statusText(answer) : null;
}
