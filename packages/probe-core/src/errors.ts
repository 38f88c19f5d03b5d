/** Every code of {@link DrainprobeError}. `docs/errors.md` lists exactly these; a test compares them. */
export const ERROR_CODES = [
  "OPTIONS_INVALID", //      an option is missing, unknown or out of range
  "CREDENTIALS_UNREADABLE", // a CA, certificate, key or token file cannot be read or parsed
  "CLUSTER_REFUSED", //      a Kubernetes API server did not do what a run needs before it can begin
  "LOG_UNREADABLE", //       a log file is missing, of a newer format, of several runs, or not a log
  "LOG_UNWRITABLE", //       the log file cannot be created
  "NOT_SETTLED", //          not every lane has worked in time
  "NOT_DRAINED", //          connections that were to end are still open
  "PROBE_STOPPED", //        a method was called after stop()
  "BUG", //                  an invariant of ours does not hold
] as const;
/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The only error this library throws on purpose: misuse or a bug, never a network failure. */
export class DrainprobeError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DrainprobeError";
    this.code = code;
  }
}
