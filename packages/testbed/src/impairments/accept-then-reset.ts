import type { Impairment } from "../balancer/impairment.js";

/** Options of {@link acceptThenReset}. */
export interface AcceptThenResetOptions {
  /** RST only when the client has sent something, so that it surely knows it is connected. Default `false`: at once. */
  readonly onFirstBytes?: boolean;
}

/** New connections are accepted and then reset, as by a balancer without a backend; old flows go on. */
export function acceptThenReset(options: AcceptThenResetOptions = {}): Impairment {
  return {
    name: "accept-then-reset",
    accepted(client) {
      if (options.onFirstBytes === true) client.once("data", () => client.resetAndDestroy());
      else client.resetAndDestroy();
      return true;
    },
  };
}
