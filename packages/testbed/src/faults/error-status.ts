import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** An error status, with or without `retry-after`, for the second of the open requests; the others get 200. */
export function errorStatus(status: number, retryAfter: string | null, options: WhenOpenOptions = {}): Fault {
  return whenOpen(
    "error-status",
    options,
    async (connection, [first = 0, second = 0, ...others]) => {
      const extra = retryAfter === null ? [] : ([["retry-after", retryAfter]] as const);
      await connection.answer(second, status, '{"kind":"Status","status":"Failure"}\n', extra);
      for (const stream of [first, ...others]) await connection.answer(stream);
    },
    true,
  );
}
