import { createHash, X509Certificate } from "node:crypto";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import type { TargetTls } from "./contract.js";
import { boundedText } from "./error-text.js";
import { sessionCertificate } from "./session-certificate.js";
import type { TlsFailure } from "./tls-failure.js";

/** Who the peer is, by its certificate. */
export interface PeerIdentity {
  /** SHA-256, lower-case hex without colons; empty where the peer showed no certificate. */
  readonly fingerprint: string;
  /** Why the certificate is not one for the name we asked; `null` where it is. */
  readonly nameFailure: TlsFailure | null;
}

/** Backends behind one target, and certificates over a rotation, are few. */
const REMEMBERED = 64;

const known = new WeakMap<TargetTls, Map<string, PeerIdentity>>();

/**
 * The peer's identity, checked against `name`.
 *
 * OpenSSL checks the chain in every handshake. The name check is ours, because Node's decodes the whole certificate
 * each time: its outcome depends on the certificate and the name alone, so each pair is checked once and found again by
 * its SHA-256.
 */
export function peerIdentity(socket: TLSSocket, target: TargetTls, name: string): PeerIdentity {
  const der = sessionCertificate(socket) ?? socket.getPeerX509Certificate()?.raw;
  if (der === undefined) {
    const reason = "the peer showed no certificate";
    return { fingerprint: "", nameFailure: { code: "ERR_TLS_CERT_ALTNAME_INVALID", reason, alert: null } };
  }
  const sha256 = createHash("sha256").update(der).digest("hex");
  const key = `${sha256} ${name}`;
  let identities = known.get(target);
  const found = identities?.get(key);
  if (found !== undefined) return found;
  if (identities === undefined || identities.size >= REMEMBERED) {
    identities = new Map();
    known.set(target, identities);
  }
  const refused: (Error & { code?: string; reason?: string }) | undefined = checkServerIdentity(
    name,
    new X509Certificate(der).toLegacyObject(),
  );
  const identity: PeerIdentity = {
    fingerprint: sha256,
    nameFailure:
      refused === undefined
        ? null
        : {
            code: refused.code ?? "ERR_TLS_CERT_ALTNAME_INVALID",
            reason: boundedText(refused.reason ?? refused.message),
            alert: null,
          },
  };
  identities.set(key, identity);
  return identity;
}
