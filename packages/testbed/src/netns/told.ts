import type { EventEmitter } from "node:events";
import type { FromKeeper } from "./protocol.js";

/**
 * Resolves with the next message of that type; rejects when the keeper says that it failed. Listens until then without a pause: several
 * messages that are read at once are emitted one after the other, before anything that waits for the first of them goes on.
 */
export function nextTold<T extends FromKeeper["type"]>(
  keeper: EventEmitter,
  type: T,
  signal: AbortSignal,
): Promise<Extract<FromKeeper, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromKeeper): void => {
      if (message.type === "failed") reject(new Error(message.reason));
      else if (message.type === type) resolve(message as Extract<FromKeeper, { type: T }>);
      else return;
      keeper.off("message", onMessage);
    };
    keeper.on("message", onMessage);
    signal.addEventListener("abort", () => keeper.off("message", onMessage), { once: true });
  });
}
