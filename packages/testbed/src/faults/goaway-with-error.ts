import { CODE } from "../h2/frame.js";
import type { Fault } from "./fault.js";
import { lingerThenClose } from "./linger.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** Options of {@link goawayWithError}. */
export interface GoawayWithErrorOptions extends WhenOpenOptions {
  /** Default ENHANCE_YOUR_CALM. */
  readonly errorCode?: number;
  /** Default `too_many_pings`, what gRPC servers say. */
  readonly debug?: string;
}

/** Answers the first open request; GOAWAY with an error code and debug data ends the others above its last stream id. */
export function goawayWithError(options: GoawayWithErrorOptions = {}): Fault {
  return whenOpen("goaway-with-error", options, async (connection, streams) => {
    const [first = 0] = streams;
    await connection.answer(first);
    await connection.goaway(first, options.errorCode ?? CODE.ENHANCE_YOUR_CALM, options.debug ?? "too_many_pings");
    await lingerThenClose(connection, 50);
  });
}
