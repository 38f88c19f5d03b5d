import { CODE } from "../h2/frame.js";
import type { Fault } from "./fault.js";
import { lingerThenClose } from "./linger.js";
import type { WhenOpenOptions } from "./when-open.js";

const HIGHEST = 2 ** 31 - 1;

/**
 * RFC 9113 §6.8: a first GOAWAY with the highest id there is, a PING to give the client's requests a round trip, then the
 * GOAWAY with the last stream really taken; all of them answered, then close_notify and FIN.
 */
export function twoStepGoaway(options: WhenOpenOptions & { readonly lingerMs?: number } = {}): Fault {
  const wanted = options.streams ?? 3;
  return {
    name: "two-step-goaway",
    arm(connection, fired) {
      let warned = false;
      return {
        onRequest() {
          if (!warned && connection.open.size >= wanted) {
            warned = true;
            void connection.goaway(HIGHEST, CODE.NO_ERROR).then(() => connection.ping());
          }
          return true;
        },
        onPingAck() {
          if (!warned) return;
          void (async () => {
            await connection.goaway(connection.lastStream);
            for (const stream of [...connection.open.keys()]) await connection.answer(stream);
            await lingerThenClose(connection, options.lingerMs ?? 100);
            fired();
          })();
        },
      };
    },
  };
}
