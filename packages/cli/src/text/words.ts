import type { Close, Processed, VerdictType } from "@drainprobe/core";
import { printable } from "./printable.js";

/** What happened, in the words of somebody who has not read our docs. The type stands beside it. */
const TYPE_WORDS: Readonly<Record<VerdictType, string>> = {
  "dns.name_not_resolved": "the name does not exist",
  "dns.failed": "the name could not be resolved",
  "tcp.refused": "connection refused",
  "tcp.timed_out": "no answer to the connection attempt or to our packets",
  "tcp.unreachable": "no route to the address",
  "tcp.reset": "connection reset (RST)",
  "tcp.closed": "connection closed (FIN)",
  "tcp.broken_pipe": "connection closed, then reset (broken pipe)",
  "tcp.failed": "the connection failed",
  "tls.cert.date_invalid": "certificate expired or not yet valid",
  "tls.cert.name_invalid": "certificate for another name",
  "tls.cert.authority_invalid": "certificate of an unknown authority",
  "tls.cert.invalid": "certificate not acceptable",
  "tls.cert.revoked": "certificate revoked",
  "tls.bad_client_auth_cert": "the server refused our client certificate",
  "tls.version_or_cipher_mismatch": "no TLS version or cipher in common",
  "tls.alpn.refused": "the server does not speak HTTP/2 (ALPN)",
  "tls.timed_out": "the TLS handshake went unanswered",
  "tls.protocol.error": "the peer broke TLS",
  "tls.failed": "the TLS handshake failed",
  "h2.goaway": "GOAWAY",
  "h2.ping.timed_out": "PING unanswered: the connection went silent",
  "h2.settings.timed_out": "connected, but no HTTP/2 SETTINGS came",
  "h2.stream.refused": "stream refused (REFUSED_STREAM)",
  "h2.stream.reset": "stream reset (RST_STREAM)",
  "h2.protocol.error": "the peer broke HTTP/2",
  "http.retry_after": "told to come back later (Retry-After)",
  "http.error": "answered with an error status",
  "http.response.truncated": "answer shorter than its content-length",
  "request.timed_out": "no whole answer within the deadline",
  abandoned: "given up by us",
  "local.resources": "this machine ran out of something",
  unknown: "the evidence does not tell",
};

const CLOSE_WORDS: Readonly<Record<Close, string>> = {
  graceful: "after GOAWAY, its streams finished",
  "broken-promise": "after GOAWAY, with streams it had promised to finish",
  abrupt: "without GOAWAY",
  reset: "without GOAWAY",
  silent: "",
  local: "ended by us",
  alive: "still open at the end",
};

const PROCESSED_WORDS: Readonly<Record<Processed, string>> = {
  yes: "carried out",
  no: "not carried out, safe to retry",
  maybe: "perhaps carried out",
};

/** `connection reset (RST), without GOAWAY`. A type this version does not know is shown as it is, made printable. */
export function describeEnd(type: string, close: string | null): string {
  const what = lookUp(TYPE_WORDS, type);
  const how = close === null || type.startsWith("h2.") ? "" : lookUp(CLOSE_WORDS, close);
  if (type === "h2.goaway") return describeGoaway(close);
  return how === "" ? what : `${what}, ${how}`;
}

function describeGoaway(close: string | null): string {
  switch (close) {
    case "graceful":
      return "GOAWAY left requests unserved; they are safe to retry";
    case "broken-promise":
      return "GOAWAY, then cut with streams it had promised to finish";
    case "alive":
      return "GOAWAY; the connection was still open at the end of the run";
    default:
      return "GOAWAY with an error code";
  }
}

export function describeType(type: string): string {
  return lookUp(TYPE_WORDS, type);
}

export function describeProcessed(processed: string): string {
  return lookUp(PROCESSED_WORDS, processed);
}

/** Logs of a newer version may hold words this one has not: their own names must do. */
function lookUp(words: Readonly<Record<string, string>>, key: string): string {
  return (Object.hasOwn(words, key) ? words[key] : undefined) ?? printable(key);
}
