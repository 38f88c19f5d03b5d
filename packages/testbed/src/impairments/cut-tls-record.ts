import type { Impairment } from "../balancer/impairment.js";

const HEADER_BYTES = 5;

/** Options of {@link cutTlsRecord}. */
export interface CutTlsRecordOptions {
  /** Which record on the way down to cut, counted from when this is added, whole records only. Default 1: the next. */
  readonly nth?: number;
  /** Default `fin`. */
  readonly by?: "fin" | "rst";
}

/**
 * Ends the flow in the middle of a TLS record on its way to the client. It must be added between records: before the
 * first byte of a flow, or while the backend is quiet.
 */
export function cutTlsRecord(options: CutTlsRecordOptions = {}): Impairment {
  return {
    name: "cut-tls-record",
    enter(flow, direction) {
      if (direction === "up") return null;
      let waiting = Buffer.alloc(0);
      let records = 0;
      let done = false;
      return {
        bytes(chunk, next) {
          if (done) return;
          waiting = Buffer.concat([waiting, chunk]);
          while (waiting.length >= HEADER_BYTES) {
            const length = HEADER_BYTES + waiting.readUInt16BE(3);
            if (waiting.length < length) return;
            const record = waiting.subarray(0, length);
            waiting = waiting.subarray(length);
            if (++records < (options.nth ?? 1)) {
              next(record);
              continue;
            }
            done = true;
            next(record.subarray(0, Math.floor(length / 2)));
            flow[options.by ?? "fin"]("client");
            flow.fin("backend");
            return;
          }
        },
        end(next) {
          if (!done) next();
        },
        removed(next) {
          if (!done && waiting.length > 0) next(waiting);
        },
      };
    },
  };
}
