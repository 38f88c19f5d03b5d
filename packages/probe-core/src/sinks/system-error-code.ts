/** `ENOSPC`, `EEXIST`, … of an error thrown by Node; `UNKNOWN` where it has none. */
export function systemErrorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return "UNKNOWN";
}
