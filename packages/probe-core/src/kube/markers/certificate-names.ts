import type { PeerCertificate, TLSSocket } from "node:tls";

/** Whom a certificate speaks for. */
export interface CertificateNames {
  /** SHA-256, lower-case hex without colons: as `tls.handshake.complete` has it. */
  readonly fingerprint: string;
  /** Host names and IP addresses of its subjectAltName, in lower case. */
  readonly subjects: ReadonlySet<string>;
}

/** Of the peer's certificate; `null` where none was seen. */
export function certificateNames(socket: TLSSocket): CertificateNames | null {
  // `null` on a socket that is gone, whatever its type says; empty where the peer showed none.
  const { fingerprint256, subjectaltname } = (socket.getPeerCertificate() as PeerCertificate | null) ?? {};
  if (fingerprint256 === undefined) return null;
  const subjects = new Set<string>();
  for (const part of (subjectaltname ?? "").split(/, (?=[A-Za-z ]+:)/)) {
    const match = /^(?:DNS|IP Address):(.+)$/.exec(part.trim());
    if (match?.[1] !== undefined) subjects.add(match[1].toLowerCase());
  }
  return { fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(), subjects };
}
