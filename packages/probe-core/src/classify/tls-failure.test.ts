import { expect, test } from "vitest";
import { tlsFailureType } from "./tls-failure.js";

const of = (alert: number | null, code = "ERR_SSL_WHATEVER") => tlsFailureType({ code, reason: "", alert });

test.each([
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [22, "record_overflow"],
  [47, "illegal_parameter"],
  [50, "decode_error"],
  [51, "decrypt_error"],
])("alert %i (%s) complains of the protocol, not of our certificate", (alert) => {
  expect(of(alert)).toBe("tls.protocol.error");
});

test.each([42, 43, 44, 45, 46, 48, 49, 116])("alert %i refuses our certificate", (alert) => {
  expect(of(alert)).toBe("tls.bad_client_auth_cert");
});

test("an alert with no better name", () => {
  expect(of(80)).toBe("tls.failed");
});
