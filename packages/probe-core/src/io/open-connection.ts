import type { Clock } from "../clock/clock.js";
import type { ConnectionId } from "../events/index.js";
import type { ConnectionListener, OpenOptions, Recorder, Target, WitnessedConnection } from "./contract.js";
import type { Resolver } from "./resolver.js";
import { Witness } from "./witness.js";

/** What a connection needs from the run it belongs to. */
export interface OpenDeps {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly nextConnectionId: () => ConnectionId;
  /** Default: the host's resolver. One made by `roundRobinResolver` takes a name's addresses in turn. */
  readonly resolve?: Resolver;
}

/**
 * Starts one attempt to connect, and witnesses whatever becomes of it.
 *
 * Returns at once and never throws for a network failure. The listener is never called before this returns, nor from
 * within `write`, `close` or `destroy`. `onEnded` and `onClosed` are each called exactly once, in this order, also when the
 * attempt fails or we close first (then both come together). Name resolution, TCP and TLS share `connectTimeoutNs`.
 */
export function openConnection(
  target: Target,
  options: OpenOptions,
  listener: ConnectionListener,
  deps: OpenDeps,
): WitnessedConnection {
  return new Witness(target, options, listener, deps);
}
