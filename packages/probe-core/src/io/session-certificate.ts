import type { TLSSocket } from "node:tls";

/** DER tags of OpenSSL's SSL_SESSION: a SEQUENCE, and the peer's certificate as its field `[3] EXPLICIT`. */
const SEQUENCE = 0x30;
const PEER_CERTIFICATE = 0xa3;

/**
 * The peer's own certificate, DER, taken out of the TLS session; `null` where it is not in there.
 *
 * `getPeerX509Certificate()` would be the obvious way, but in Node 20, 22 and 24 each call leaks some 6 KB of native memory when the peer
 * sent a chain (the issuer's certificate is copied and the original never freed): 300 MB in an hour of 15 handshakes a
 * second. `getPeerCertificate()` decodes the whole certificate each time. The session has keys in it: nothing of it is kept.
 */
export function sessionCertificate(socket: TLSSocket): Buffer | null {
  const session = socket.getSession();
  const outer = session === undefined ? null : outermost(session);
  if (session === undefined || outer === null) return null;
  for (let at = outer.start; at < outer.end; ) {
    const field = valueAt(session, at);
    if (field === null) return null;
    // A copy, so that the rest of the session is not kept alive by it.
    if (session[at] === PEER_CERTIFICATE) return Buffer.from(session.subarray(field.start, field.end));
    at = field.end;
  }
  return null;
}

/** Newer Nodes put a header of their own before the session: it begins where a SEQUENCE reaches just to the end. */
function outermost(bytes: Buffer): { readonly start: number; readonly end: number } | null {
  for (let at = bytes.indexOf(SEQUENCE); at !== -1; at = bytes.indexOf(SEQUENCE, at + 1)) {
    const value = valueAt(bytes, at);
    if (value?.end === bytes.length) return value;
  }
  return null;
}

/** Where the value of the DER element at `at` lies (X.690 §8.1.3, definite lengths only). */
function valueAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } | null {
  const first = bytes[at + 1];
  if (first === undefined) return null;
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  if (sizeBytes > 4 || at + 2 + sizeBytes > bytes.length) return null;
  const size = first < 0x80 ? first : sizeBytes === 0 ? Number.NaN : bytes.readUIntBE(at + 2, sizeBytes);
  const start = at + 2 + sizeBytes;
  return start + size <= bytes.length ? { start, end: start + size } : null;
}
