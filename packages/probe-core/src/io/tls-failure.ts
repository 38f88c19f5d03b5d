import { boundedText } from "./error-text.js";

/** Why TLS failed, in the form of its facts. */
export interface TlsFailure {
  readonly code: string;
  readonly reason: string;
  readonly alert: number | null;
}

/** Our code for a peer that does not speak HTTP/2. */
export const ALPN_REFUSED = "ERR_ALPN_REFUSED";

/** Our code for a peer that renegotiates (TLS 1.2): it may do so without end, and each time costs a handshake. */
export const RENEGOTIATED = "ERR_TLS_RENEGOTIATED";

/** OpenSSL gives the reason "alert n received" the number 1000 + n. */
const ALERT_REASONS = 1000;

/** `null` where the error is only TLS's view of a connection that ended underneath it: the tcp layer records that. */
export function tlsFailure(error: NodeJS.ErrnoException & { reason?: string }): TlsFailure | null {
  const code = error.code ?? "UNKNOWN";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECANCELED" || code.startsWith("ERR_STREAM_")) return null;
  const firstLine = error.message.split("\n", 1)[0] ?? "";
  return { code, reason: boundedText(error.reason ?? firstLine), alert: peerAlert(error.message) };
}

/** The alert number in OpenSSL's text: `SSL alert number 42`, or the packed error number `error:0A000412:`. */
function peerAlert(message: string): number | null {
  const named = /SSL alert number (\d{1,3})/.exec(message)?.[1];
  if (named !== undefined) return Number(named);
  const packed = /error:([0-9A-Fa-f]{8}):SSL routines/.exec(message)?.[1];
  if (packed === undefined) return null;
  const reason = Number.parseInt(packed, 16) & 0x7fffff;
  return reason >= ALERT_REASONS && reason < ALERT_REASONS + 256 ? reason - ALERT_REASONS : null;
}
