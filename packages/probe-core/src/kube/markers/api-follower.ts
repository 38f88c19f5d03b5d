import type { Clock } from "../../clock/clock.js";
import type { ApiClient, ApiStream } from "./api-client.js";
import { type FollowObjects, followObjects } from "./api-objects.js";
import type { StopSource } from "./marker-source.js";

type Followed = Pick<FollowObjects, "path" | "onObject" | "onDeleted" | "onProblem">;

/** Follows one collection until stopped. */
export function followCollection(client: ApiClient, clock: Clock, followed: Followed): StopSource {
  let stopped = false;
  let stream: ApiStream | null = null;
  let wake: () => void = () => {};
  const running = followObjects({
    ...followed,
    client,
    stopped: () => stopped,
    onStream: (started) => {
      stream = started;
      if (stopped) started.stop();
    },
    pause: (ms) =>
      new Promise((resolve) => {
        if (stopped) return resolve();
        const timer = clock.setTimer(ms * 1_000_000, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      }),
  });
  return async () => {
    stopped = true;
    stream?.stop();
    wake();
    client.close();
    await running;
  };
}
