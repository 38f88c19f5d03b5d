import { isIP } from "node:net";
import { ParseProblem } from "./parse-problem.js";

/** One `--path NAME=URL`, or one entry of `path:` in the configuration. */
export interface NamedUrl {
  readonly name: string;
  readonly url: string;
}

/** One `--connect-to [NAME=]IP:PORT`. `name` is `null` where it goes for the only path. */
export interface ConnectTo {
  readonly name: string | null;
  readonly endpoint: string;
}

/** One `--request "METHOD /path [body]"`. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const PATH_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `https://host:port[/path]`; `http:` means HTTP/2 without TLS, prior knowledge. */
export function targetUrl(text: string): string {
  if (!text.includes("://")) {
    throw new ParseProblem("not a URL: write it with its scheme, such as https://api.example.com:6443");
  }
  if (!URL.canParse(text)) throw new ParseProblem("not a URL: write it like https://api.example.com:6443/version");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ParseProblem(`${url.protocol}// is not spoken here: https:// (TLS) or http:// (HTTP/2 in clear text)`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ParseProblem("user and password do not belong in a URL: use --token-file, or --cert and --key");
  }
  if (url.hostname === "") throw new ParseProblem("the URL names no host");
  if (url.port === "0") throw new ParseProblem("port 0 cannot be connected to");
  url.hash = "";
  return url.href;
}

/** `NAME=URL`. */
export function namedUrl(text: string): NamedUrl {
  const equals = text.indexOf("=");
  const slashes = text.indexOf("://");
  if (equals <= 0 || (slashes !== -1 && slashes < equals)) {
    throw new ParseProblem("no name: write NAME=URL, such as vip=https://api.example.com:6443");
  }
  return { name: pathName(text.slice(0, equals)), url: targetUrl(text.slice(equals + 1)) };
}

/** A name people can type and a log can hold. */
export function pathName(text: string): string {
  if (!PATH_NAME.test(text)) {
    throw new ParseProblem("not a name: letters, digits, dots, dashes and underscores, 64 at most");
  }
  return text;
}

/** A namespace as Kubernetes allows it (RFC 1123 label). */
export function namespaceName(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw new ParseProblem("not a namespace: lower-case letters, digits and dashes, 63 at most");
  }
  return text;
}

/** `IP:PORT`, `[IPv6]:PORT`, either with `NAME=` in front. */
export function connectTo(text: string): ConnectTo {
  const equals = text.indexOf("=");
  if (equals === 0) throw new ParseProblem("no name before the equals sign: write NAME=IP:PORT");
  const name = equals > 0 ? pathName(text.slice(0, equals)) : null;
  return { name, endpoint: endpoint(text.slice(equals + 1)) };
}

/** `10.0.0.2:6443` or `[fd00::2]:6443`: an address, never a name, so that nothing is resolved. */
export function endpoint(text: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3] ?? 0);
  const family = isIP(host);
  if (match === null || family === 0 || (match[1] !== undefined) !== (family === 6)) {
    throw new ParseProblem("not an address: write IP:PORT, such as 10.0.0.2:6443 or [fd00::2]:6443");
  }
  if (port < 1 || port > 65_535) throw new ParseProblem("the port is out of range: from 1 to 65535");
  return text;
}

/** `GET /version`, `/version` (a GET), or `POST /items {"a":1}`: everything after the path is the body. */
export function requestLine(text: string): RequestLine {
  const match = /^(?:([A-Za-z]+)\s+)?(\S+)(?:\s+([\s\S]+))?$/.exec(text.trim());
  const method = (match?.[1] ?? "GET").toUpperCase();
  const path = match?.[2] ?? "";
  if (!path.startsWith("/")) {
    throw new ParseProblem('not a request: write METHOD and a path that begins with /, such as "GET /version"');
  }
  if (method === "CONNECT") throw new ParseProblem("CONNECT asks for a tunnel, which is not what is probed here");
  const body = match?.[3];
  if (body !== undefined && (method === "GET" || method === "HEAD")) {
    throw new ParseProblem(`${method} takes no body: write POST, PUT or PATCH, or quote a path without spaces`);
  }
  return { method, path: requestPath(path), ...(body === undefined ? {} : { body }) };
}

/** An absolute path with its query, printable ASCII as it goes on the wire. */
export function requestPath(text: string): string {
  if (!text.startsWith("/")) throw new ParseProblem("not a path: it begins with /, such as /api/v1/watch/pods");
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new ParseProblem("not a path: percent-encode blanks and everything that is not ASCII");
  }
  if (text.includes("#")) throw new ParseProblem("a fragment (#) never reaches a server: leave it out");
  return text;
}
