import { describe, expect, it } from "vitest";
import { isHairpin, isUnsafe, readGoError } from "./go-error.js";

/** Text, type, scope, processed. */
const TEXTS: readonly (readonly [string, string, string, string])[] = [
  ["read tcp 10.0.0.2:35314->10.0.0.2:6443: read: connection reset by peer", "tcp.reset", "connection", "maybe"],
  ["write tcp 10.0.0.6:52950->10.0.0.2:6443: write: broken pipe", "tcp.broken_pipe", "connection", "maybe"],
  ["write tcp 10.0.0.6:52950->10.0.0.2:6443: write: connection reset by peer", "tcp.reset", "connection", "maybe"],
  ['Get "https://h:6443/x": unexpected EOF', "tcp.closed", "connection", "maybe"],
  ['Get "https://h:6443/x": EOF', "tcp.closed", "connection", "maybe"],
  ['err="Get \\"https://h:6443/x\\": EOF"', "tcp.closed", "connection", "maybe"],
  ["http2: client connection lost", "h2.ping.timed_out", "connection", "maybe"],
  ["http2: client connection force closed via ClientConn.Close", "abandoned", "connection", "maybe"],
  ["http2: Transport received Server's graceful shutdown GOAWAY", "h2.goaway", "connection", "no"],
  [
    "http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after Request.Body was written; define Request.GetBody to avoid this error",
    "h2.goaway",
    "connection",
    "no",
  ],
  ["http2: Transport received GOAWAY from server ErrCode:ENHANCE_YOUR_CALM", "h2.goaway", "connection", "maybe"],
  ["dial tcp 10.0.0.2:6443: connect: connection refused", "tcp.refused", "attempt", "no"],
  ["dial tcp [fd00::2]:6443: connect: no route to host", "tcp.unreachable", "attempt", "no"],
  ["read tcp 10.0.0.6:1->10.0.0.2:6443: read: no route to host", "tcp.unreachable", "connection", "maybe"],
  ["dial tcp 10.0.0.2:6443: i/o timeout", "tcp.timed_out", "attempt", "no"],
  ["dial tcp 10.0.0.2:6443: connect: connection timed out", "tcp.timed_out", "attempt", "no"],
  ["read tcp 10.0.0.6:1->10.0.0.2:6443: i/o timeout", "tcp.timed_out", "connection", "maybe"],
  ["read tcp 10.0.0.6:1->10.0.0.2:6443: read: connection timed out", "tcp.timed_out", "connection", "maybe"],
  ["dial tcp: lookup api-int.example.com on 10.0.0.10:53: no such host", "dns.name_not_resolved", "attempt", "no"],
  ["dial tcp: lookup api-int.example.com on 10.0.0.10:53: server misbehaving", "dns.failed", "attempt", "no"],
  [
    "dial tcp: lookup api-int.example.com on 10.0.0.10:53: read udp 10.1.1.1:1->10.0.0.10:53: i/o timeout",
    "dns.failed",
    "attempt",
    "no",
  ],
  ["dial tcp 10.0.0.2:6443: connect: cannot assign requested address", "local.resources", "attempt", "no"],
  ["dial tcp 10.0.0.2:6443: socket: too many open files", "local.resources", "attempt", "no"],
  ["proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", "tcp.refused", "attempt", "no"],
  ["net/http: TLS handshake timeout", "tls.timed_out", "attempt", "no"],
  [
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "tls.cert.authority_invalid",
    "attempt",
    "no",
  ],
  [
    "x509: certificate has expired or is not yet valid: current time 2020-06-09T00:00:00Z is after",
    "tls.cert.date_invalid",
    "attempt",
    "no",
  ],
  ["x509: certificate is valid for a, not b", "tls.cert.name_invalid", "attempt", "no"],
  [
    "x509: cannot validate certificate for 10.0.0.2 because it doesn't contain any IP SANs",
    "tls.cert.name_invalid",
    "attempt",
    "no",
  ],
  ["remote error: tls: bad certificate", "tls.bad_client_auth_cert", "attempt", "no"],
  ["remote error: tls: unknown certificate authority", "tls.bad_client_auth_cert", "attempt", "no"],
  ["remote error: tls: handshake failure", "tls.version_or_cipher_mismatch", "attempt", "no"],
  ["http: server gave HTTP response to HTTPS client", "tls.protocol.error", "attempt", "no"],
  ["tls: first record does not look like a TLS handshake", "tls.protocol.error", "attempt", "no"],
  ["stream error: stream ID 5; REFUSED_STREAM; received from peer", "h2.stream.refused", "request", "no"],
  ["stream error: stream ID 5; INTERNAL_ERROR; received from peer", "h2.stream.reset", "request", "maybe"],
  [
    "stream error when reading response body, may be caused by closed connection. Please retry. Original error: stream error: stream ID 5; CANCEL",
    "h2.stream.reset",
    "request",
    "maybe",
  ],
  ["http2: connection error: PROTOCOL_ERROR: bad", "h2.protocol.error", "connection", "maybe"],
  ["connection error: FLOW_CONTROL_ERROR", "h2.protocol.error", "connection", "maybe"],
  [
    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "request.timed_out",
    "request",
    "maybe",
  ],
  [
    "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    "request.timed_out",
    "attempt",
    "no",
  ],
  [
    "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
    "request.timed_out",
    "request",
    "yes",
  ],
  ["net/http: timeout awaiting response headers", "request.timed_out", "request", "maybe"],
  ["context deadline exceeded", "request.timed_out", "request", "maybe"],
  ["context canceled", "abandoned", "request", "maybe"],
  ["read tcp 10.0.0.6:1->10.0.0.2:6443: use of closed network connection", "abandoned", "connection", "maybe"],
  ["http: server closed idle connection", "tcp.closed", "connection", "maybe"],
  ["net/http: HTTP/1.x transport connection broken: unexpected EOF", "tcp.closed", "connection", "maybe"],
  ["the server is currently unable to handle the request (get pods)", "http.error", "request", "maybe"],
  [
    "the server has received too many requests and has asked us to try again later (get pods)",
    "http.retry_after",
    "request",
    "no",
  ],
  ["The apiserver is shutting down, please try again later.", "http.retry_after", "request", "no"],
];

describe("texts of Go's network stack", () => {
  it.each(TEXTS)("%s", (text, type, scope, processed) => {
    expect(readGoError(`step error=${text}`)).toMatchObject({ type, scope, processed });
  });

  it.each([
    "Watch close - *v1.Event total 36 items received",
    "Starting reflector",
    "EOFError is a word of another language",
    "wrote 3 bytes to GEOF",
    "lookup succeeded",
    "",
  ])("is no failure: %j", (text) => expect(readGoError(text)).toBeNull());

  it("reads both ends, of IPv6 too", () => {
    expect(
      readGoError(
        'Get "https://[fd00::2]:6443/x": read tcp [fd00::6]:52950->[fd00::2]:6443: read: connection reset by peer',
      ),
    ).toMatchObject({ local: "[fd00::6]:52950", remote: "[fd00::2]:6443", host: "[fd00::2]:6443", verb: "GET" });
    expect(readGoError("read tcp [fe80::1%eth0]:5->[fe80::2%eth0]:6: read: connection reset by peer")).toMatchObject({
      local: "[fe80::1%eth0]:5",
      remote: "[fe80::2%eth0]:6",
    });
  });

  it("reads the address that was dialled, and that it is a proxy's", () => {
    expect(readGoError("dial tcp 10.0.0.2:6443: connect: connection refused")).toMatchObject({
      local: null,
      remote: "10.0.0.2:6443",
      proxied: false,
    });
    expect(readGoError("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused")).toMatchObject({
      local: null,
      remote: "10.0.0.9:3128",
      proxied: true,
    });
    // Bound to a local address, a dialer names both.
    expect(readGoError("dial tcp 10.0.0.6:0->10.0.0.2:6443: connect: connection refused")).toMatchObject({
      local: null,
      remote: "10.0.0.2:6443",
      scope: "attempt",
    });
  });

  it("reads all that a GOAWAY's text tells", () => {
    const told = readGoError(
      'Post https://h:6443/api: http2: server sent GOAWAY and closed the connection; LastStreamID=3602153, ErrCode=NO_ERROR, debug="graceful_stop"',
    );
    expect(told).toMatchObject({
      type: "h2.goaway",
      verb: "POST",
      goaway: { lastStreamId: 3602153, errorCode: "NO_ERROR", debug: "graceful_stop" },
    });
    expect(readGoError("http2: Transport received GOAWAY from server ErrCode:ENHANCE_YOUR_CALM")?.goaway).toEqual({
      lastStreamId: null,
      errorCode: "ENHANCE_YOUR_CALM",
      debug: "",
    });
    // As klog quotes it.
    expect(
      readGoError(
        'err="Get \\"https://h/x\\": http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\\"\\""',
      )?.goaway,
    ).toEqual({ lastStreamId: 1, errorCode: "NO_ERROR", debug: "" });
  });

  it.each([
    ["step error=Delete https://h:6443/x: EOF", "DELETE", true],
    ['failed: Post "https://h:6443/x": EOF', "POST", true],
    ['failed: Patch "https://h:6443/x": EOF', "PATCH", true],
    ['Get "https://h:6443/x?watch=true": EOF', "WATCH", false],
    ['verb="list" url="https://h/x" err="EOF"', "GET", false],
    ["Unexpected EOF during watch stream event decoding: unexpected EOF", "WATCH", false],
    ['Post "https://h:6443/watch/x": EOF', "POST", true],
    ["getAllConfigMaps error=EOF", "unknown", false],
    ['Post "https://h:6443/x": dial tcp 10.0.0.2:6443: connect: connection refused', "POST", false],
    ['Post "https://h:6443/x": context canceled', "POST", false],
  ])("%s", (text, verb, unsafe) => {
    const error = readGoError(text);
    expect({ verb: error?.verb, unsafe: error !== null && isUnsafe(error) }).toEqual({ verb, unsafe });
  });
});

describe("hairpin", () => {
  it.each([
    ["10.0.0.2:35314", "10.0.0.2:6443", true],
    ["10.0.0.6:35314", "10.0.0.2:6443", false],
    ["[fd00::2]:5", "[FD00::2]:6443", true],
    ["127.0.0.1:5", "127.0.0.1:6443", false],
    ["[::1]:5", "[::1]:6443", false],
  ])("%s -> %s: %s", (local, remote, is) => expect(isHairpin(local, remote)).toBe(is));
});
