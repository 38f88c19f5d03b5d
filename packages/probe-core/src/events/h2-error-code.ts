/** Error codes of RFC 9113 §7, by number. */
export const H2_ERROR_NAMES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

/** RFC 9113 §7. */
export const NO_ERROR = 0x0;
/** RFC 9113 §7. */
export const PROTOCOL_ERROR = 0x1;
/** RFC 9113 §7. */
export const INTERNAL_ERROR = 0x2;
/** RFC 9113 §7. */
export const FLOW_CONTROL_ERROR = 0x3;
/** RFC 9113 §7. */
export const STREAM_CLOSED = 0x5;
/** RFC 9113 §7. */
export const FRAME_SIZE_ERROR = 0x6;
/** RFC 9113 §7. */
export const REFUSED_STREAM = 0x7;
/** RFC 9113 §7. */
export const CANCEL = 0x8;
/** RFC 9113 §7. */
export const COMPRESSION_ERROR = 0x9;
/** RFC 9113 §7. */
export const ENHANCE_YOUR_CALM = 0xb;

/** `REFUSED_STREAM`, or `0x1f` for a code RFC 9113 does not name. */
export function h2ErrorName(code: number): string {
  return H2_ERROR_NAMES[code] ?? `0x${code.toString(16)}`;
}
