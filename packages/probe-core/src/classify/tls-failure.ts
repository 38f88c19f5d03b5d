import type { VerdictType } from "./verdict-types.js";

/** What a failed TLS handshake told of itself. */
export interface TlsFailureFacts {
  readonly code: string;
  readonly reason: string;
  readonly alert: number | null;
}

/** One way for a handshake to fail. The first whose alert or code matches names it. */
interface TlsFailureKind {
  readonly type: VerdictType;
  /** Alerts of the peer, RFC 8446 §6 and IANA's registry. */
  readonly alerts?: readonly number[];
  /** Codes of Node or OpenSSL, where the failure was ours to find or Node gave the alert's name and no number. */
  readonly codes?: RegExp;
}

const KINDS: readonly TlsFailureKind[] = [
  { type: "tls.alpn.refused", alerts: [120], codes: /ALPN|NO_APPLICATION_PROTOCOL/ },
  {
    type: "tls.version_or_cipher_mismatch",
    alerts: [40, 70, 71],
    codes:
      /ALERT_HANDSHAKE_FAILURE|ALERT_PROTOCOL_VERSION|ALERT_INSUFFICIENT_SECURITY|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|NO_SHARED_|WRONG_SSL_VERSION|WRONG_CIPHER_RETURNED|UNKNOWN_CIPHER_RETURNED/,
  },
  {
    type: "tls.bad_client_auth_cert",
    alerts: [42, 43, 44, 45, 46, 48, 49, 116],
    codes: /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED)|CERTIFICATE_REQUIRED/,
  },
  { type: "tls.cert.date_invalid", codes: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/ },
  { type: "tls.cert.name_invalid", codes: /^(ERR_TLS_CERT_ALTNAME_(INVALID|FORMAT)|HOSTNAME_MISMATCH)$/ },
  { type: "tls.cert.revoked", codes: /^CERT_REVOKED$/ },
  {
    type: "tls.cert.authority_invalid",
    codes:
      /^(UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|INVALID_CA)$/,
  },
  {
    type: "tls.cert.invalid",
    codes:
      /^(CERT_|CRL_|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|UNABLE_TO_(GET_CRL|DECRYPT_|DECODE_)|ERROR_IN_(CERT|CRL)_)|CERTIFICATE_VERIFY_FAILED/,
  },
  {
    type: "tls.protocol.error",
    // unexpected_message, bad_record_mac, record_overflow, illegal_parameter, decode_error, decrypt_error
    alerts: [10, 20, 22, 47, 50, 51],
    codes:
      /^(?!.*_ALERT_).*(WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|PACKET_LENGTH|RECORD_LENGTH|DATA_LENGTH|LENGTH_MISMATCH|LENGTH_TOO|DECODE|DECRYPTION_FAILED|BAD_(RECORD|EXTENSION|SIGNATURE|LENGTH|PACKET|ECPOINT)|HTTP_REQUEST|HTTPS_PROXY|UNKNOWN_PROTOCOL|INVALID_(MESSAGE|RECORD)|RECORD_LAYER|EXCESSIVE_MESSAGE|BAD_HELLO)/,
  },
];

/**
 * Names a failed handshake. An alert the peer sent decides alone; without one, the code does. `tls.failed` is for what has no
 * better name.
 */
export function tlsFailureType(facts: TlsFailureFacts): VerdictType {
  const { alert } = facts;
  if (alert !== null) {
    return KINDS.find((kind) => kind.alerts?.includes(alert))?.type ?? "tls.failed";
  }
  return KINDS.find((kind) => kind.codes?.test(facts.code))?.type ?? "tls.failed";
}
