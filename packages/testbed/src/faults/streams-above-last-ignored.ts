import type { Fault } from "./fault.js";
import { lingerThenClose } from "./linger.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/**
 * Go's way, as in kube-apiserver: one GOAWAY with the last stream the server took; that one and those below it are
 * answered, those above get not a word, and close_notify and FIN follow after a while (1 s in Go; `lingerMs` here).
 */
export function streamsAboveLastIgnored(options: WhenOpenOptions & { readonly lingerMs?: number } = {}): Fault {
  return whenOpen("streams-above-last-ignored", options, async (connection, streams) => {
    const [first = 0] = streams;
    await connection.goaway(first);
    await connection.answer(first);
    await lingerThenClose(connection, options.lingerMs ?? 200);
  });
}
