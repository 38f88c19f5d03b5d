import type { EncodedHead, RequestHead } from "./contract.js";
import { type FieldToEncode, HpackEncoder } from "./hpack/encoder.js";

/** Never indexed, by us or by anyone who forwards them (RFC 7541 §7.1.3). */
const SENSITIVE: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** Fields that belong to HTTP/1 connections and make an HTTP/2 request malformed (RFC 9113 §8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VISIBLE = /^[!-~]+$/;
const BAD_VALUE = /[\0\r\n]|[^\0-\xff]|^[ \t]|[ \t]$/;

/**
 * Encodes a request's head once, to be sent any number of times on any connection: static table, literals and Huffman code
 * only, so it does not depend on what a connection has seen. Throws a `TypeError` for a head that would be malformed; the
 * message holds no value, since a value may be a secret. Options from users are to be checked before.
 */
export function encodeRequest(head: RequestHead): EncodedHead {
  require_(METHOD.test(head.method), "method is not a token");
  require_(VISIBLE.test(head.authority), ":authority is empty or holds a character that is not visible ASCII");
  require_(VISIBLE.test(head.path), ":path is empty or holds a character that is not visible ASCII");
  require_(head.path.startsWith("/") || head.path === "*", ":path does not begin with a slash");
  const fields: FieldToEncode[] = [
    { name: ":method", value: head.method },
    { name: ":scheme", value: head.scheme },
    { name: ":authority", value: head.authority },
    { name: ":path", value: head.path },
  ];
  for (const [name, value] of head.headers) {
    require_(TOKEN.test(name), "a header name is not a lower-case token");
    require_(!CONNECTION_SPECIFIC.has(name), `${name} does not exist in HTTP/2`);
    require_(name !== "te" || value === "trailers", "te may only say trailers in HTTP/2");
    require_(!BAD_VALUE.test(value), `the value of ${name} holds a character that is not allowed`);
    fields.push({ name, value, sensitive: SENSITIVE.has(name) });
  }
  return { block: new HpackEncoder().encode(fields), method: head.method };
}

function require_(condition: boolean, message: string): void {
  if (!condition) throw new TypeError(message);
}
