import { type HeaderField, headerField } from "./field.js";

/** RFC 7541 Appendix A, one field a line in the order of its index; a value follows `=`. */
const FIELDS = `
:authority
:method=GET
:method=POST
:path=/
:path=/index.html
:scheme=http
:scheme=https
:status=200
:status=204
:status=206
:status=304
:status=400
:status=404
:status=500
accept-charset
accept-encoding=gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

/** RFC 7541 Appendix A. `STATIC_TABLE[0]` is index 1. */
export const STATIC_TABLE: readonly HeaderField[] = FIELDS.trim()
  .split("\n")
  .map((line) => {
    const equals = line.indexOf("=");
    return equals < 0 ? headerField(line, "") : headerField(line.slice(0, equals), line.slice(equals + 1));
  });

/** Index of the first static field with this name, by name. */
export const STATIC_NAMES: ReadonlyMap<string, number> = firstIndexBy((field) => field.name);

/** Index of the static field with this name and value, by `name\0value`. */
export const STATIC_PAIRS: ReadonlyMap<string, number> = firstIndexBy((field) => `${field.name}\0${field.value}`);

function firstIndexBy(key: (field: HeaderField) => string): ReadonlyMap<string, number> {
  const indices = new Map<string, number>();
  STATIC_TABLE.forEach((field, i) => {
    if (!indices.has(key(field))) indices.set(key(field), i + 1);
  });
  return indices;
}
