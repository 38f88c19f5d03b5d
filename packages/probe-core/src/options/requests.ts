import type { RequestTemplate } from "../io/request-template.js";
import type { RequestOptions } from "../probe-options.js";
import { VERSION } from "../version.js";
import { type Faults, isRecord, shown } from "./faults.js";

const KNOWN = ["method", "path", "headers", "body"];

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Visible ASCII without what starts a fragment: RFC 9110 §4.2.3 leaves fragments out of requests. */
const REQUEST_PATH = /^\/[!"$-~]*$/;

/** RFC 9113 §8.2.1 and 8.2.2: what no HTTP/2 request may carry. */
const CONNECTION_HEADERS = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "host",
]);

/** RFC 9110 §5.5: no control character, no space at either end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const FIELD_VALUE = /^(?![ \t])[^\u0000-\u0008\u000a-\u001f\u007f-\u009f\u0100-\uffff]*(?<![ \t])$/;

const EMPTY_HEADERS: readonly (readonly [string, string])[] = [["user-agent", `drainprobe/${VERSION}`]];

/** What `GET path` on this URL is. */
export function getTemplate(url: URL, path: string): RequestTemplate {
  return { method: "GET", url: url.origin + path, path, headers: EMPTY_HEADERS, body: null };
}

/** Whether it can stand in `:path`. Says what is wrong otherwise. */
export function checkPath(where: string, path: unknown, faults: Faults): path is string {
  if (typeof path === "string" && REQUEST_PATH.test(path)) return true;
  faults.add(where, `must be an absolute path of visible ASCII without "#", such as "/version", is ${shown(path)}`);
  return false;
}

/** One of the `requests` option on this URL, or `null` where it is not valid. */
export function requestTemplate(
  where: string,
  options: RequestOptions,
  url: URL,
  faults: Faults,
): RequestTemplate | null {
  if (!isRecord(options)) {
    faults.add(where, `must be an object with method and path, is ${shown(options)}`);
    return null;
  }
  faults.keys(where, options, KNOWN);
  const { method, path, body } = options;
  let valid = checkPath(`${where}.path`, path, faults);
  if (typeof method !== "string" || !TOKEN.test(method) || method === "CONNECT") {
    faults.add(`${where}.method`, `must be an HTTP method other than CONNECT, is ${shown(method)}`);
    valid = false;
  }
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) {
    faults.add(`${where}.body`, "must be a string or bytes");
    valid = false;
  }
  const headers = requestHeaders(`${where}.headers`, options.headers ?? {}, faults);
  if (!valid || headers === null) return null;
  const bytes = body === undefined ? null : typeof body === "string" ? Buffer.from(body) : body;
  const names = new Set(headers.map(([name]) => name));
  if (!names.has("user-agent")) headers.push(...EMPTY_HEADERS);
  if (bytes !== null && !names.has("content-length")) headers.push(["content-length", String(bytes.byteLength)]);
  return { method, url: url.origin + path, path, headers, body: bytes };
}

function requestHeaders(where: string, given: unknown, faults: Faults): (readonly [string, string])[] | null {
  if (!isRecord(given)) {
    faults.add(where, `must be an object, is ${shown(given)}`);
    return null;
  }
  const headers: (readonly [string, string])[] = [];
  let valid = true;
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) {
      faults.add(where, `"${name}" is not a header name`);
      valid = false;
    } else if (CONNECTION_HEADERS.has(lower)) {
      faults.add(where, `"${lower}" is not allowed in HTTP/2`);
      valid = false;
    } else if (typeof value !== "string" || !FIELD_VALUE.test(value)) {
      // The value is not shown: it may be a credential.
      faults.add(where, `the value of "${lower}" must be text without control characters or spaces at its ends`);
      valid = false;
    } else {
      headers.push([lower, value]);
    }
  }
  return valid ? headers : null;
}
