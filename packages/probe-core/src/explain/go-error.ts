import type { Processed, VerdictType } from "../classify/verdict-types.js";
import type { Endpoint } from "../events/index.js";
import type { FailureScope, ToldGoaway, Verb } from "./explain-types.js";
import { BARE_EOF, GO_RULES, type GoRule, type TextLimit } from "./go-rules.js";

/** What a log line says of a failure. */
export interface GoError {
  readonly type: VerdictType;
  readonly scope: FailureScope;
  readonly processed: Processed;
  readonly local: Endpoint | null;
  /** An address, or of a failed attempt the name that was dialled. */
  readonly remote: Endpoint | null;
  readonly verb: Verb;
  /** Host and port of the URL that was asked for. */
  readonly host: string | null;
  readonly goaway: ToldGoaway | null;
  readonly leavesOpen: TextLimit | null;
  /** This process gave up, or had nothing left: no failure of the service. */
  readonly ours: boolean;
  /** Through a proxy: the remote address is the proxy's. */
  readonly proxied: boolean;
}

/** `read tcp 10.0.0.6:5->10.0.0.2:6443: `, `dial tcp [::1]:6443: `, `proxyconnect tcp: `; old texts have no second address. */
const OP =
  /\b(read|write|dial|readfrom|writeto|proxyconnect) (?:tcp|tcp4|tcp6)(?: (\[[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,15})?\]:\d{1,5}|[\w.-]{1,253}:\d{1,5}))?(?:->(\[[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,15})?\]:\d{1,5}|[\w.-]{1,253}:\d{1,5}))?: /g;
const EOF_WORD = /(?:^|[\s:"=(])EOF(?=$|["\\',;)\]\s])/;
const GOAWAY = /LastStreamID=(\d{1,10}), ErrCode=(\w{1,40}), debug=(\\?"[^"]{0,300}|[^\s,]{0,300})/;
const GOAWAY_CODE = /GOAWAY from server ErrCode:(\w{1,40})/;
/** `Get "https://host/…": `, `step error=Delete https://host/…: `: url.Error of Go since 1.14, and before. */
const URL_ERROR = /\b(Get|Head|Post|Put|Patch|Delete|Options|Trace|Connect) \\?"?https?:\/\/([^\s/"\\?#]{1,300})/;
const VERB_FIELD =
  /\b(?:verb|method)="?(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|LIST|WATCH|get|list|watch|create|update|patch|delete)\b/;
const URL_ANYWHERE = /\bhttps?:\/\/([^\s/"\\?#]{1,300})/;
const WATCH = /\bwatch\b|[?&]watch=(?:true|1)\b/i;

const VERBS: Readonly<Record<string, Verb>> = { list: "GET", create: "POST", update: "PUT" };

/** `null` for a line that tells no failure of a connection or a request. */
export function readGoError(message: string): GoError | null {
  const rule = ruleFor(message);
  if (rule === null) return null;
  const op = lastOp(message);
  const dialed = op !== null && (op.op === "dial" || op.op === "proxyconnect");
  const outcome = dialed || rule.scope === "attempt" ? attempt(op) : { scope: rule.scope, processed: rule.processed };
  return {
    type: rule.type,
    ...outcome,
    local: op === null || dialed || op.to === null ? null : op.from,
    remote: op === null ? null : (op.to ?? op.from),
    verb: verbOf(message),
    host: hostOf(message),
    goaway: rule.type === "h2.goaway" ? goawayOf(message) : null,
    leavesOpen: rule.leavesOpen ?? null,
    ours: rule.local === true,
    proxied: message.includes("proxyconnect tcp"),
  };
}

function attempt(op: Op | null): { scope: FailureScope; processed: Processed } {
  // A read or a write that fails with one of these words happened on a connection that stood.
  const established = op !== null && op.op !== "dial" && op.op !== "proxyconnect" && op.to !== null;
  return established ? { scope: "connection", processed: "maybe" } : { scope: "attempt", processed: "no" };
}

function ruleFor(message: string): GoRule | null {
  for (const rule of GO_RULES) {
    if (message.includes(rule.text) && (rule.and === undefined || message.includes(rule.and))) return rule;
  }
  return EOF_WORD.test(message) ? BARE_EOF : null;
}

interface Op {
  readonly op: string;
  readonly from: Endpoint | null;
  readonly to: Endpoint | null;
}

/** Errors are wrapped from the inside out: the last one in the text is the one that happened. */
function lastOp(message: string): Op | null {
  return [...message.matchAll(OP)].reduce<Op | null>(
    (outer, [, op = "", from, to]) => ({ op, from: from ?? outer?.from ?? null, to: to ?? outer?.to ?? null }),
    null,
  );
}

function verbOf(message: string): Verb {
  const told = URL_ERROR.exec(message)?.[1] ?? VERB_FIELD.exec(message)?.[1];
  const verb = told === undefined ? "unknown" : (VERBS[told.toLowerCase()] ?? told.toUpperCase());
  return (verb === "GET" || verb === "unknown") && WATCH.test(message) ? "WATCH" : verb;
}

function hostOf(message: string): string | null {
  return URL_ERROR.exec(message)?.[2] ?? URL_ANYWHERE.exec(message)?.[1] ?? null;
}

function goawayOf(message: string): ToldGoaway {
  const match = GOAWAY.exec(message);
  if (match === null) return { lastStreamId: null, errorCode: GOAWAY_CODE.exec(message)?.[1] ?? null, debug: "" };
  const [, last, code, debug = ""] = match;
  return { lastStreamId: Number(last), errorCode: code ?? null, debug: debug.replace(/^\\?"/, "").replace(/\\$/, "") };
}

/** Methods that change nothing on the server: asking again is always right. */
const SAFE: ReadonlySet<Verb> = new Set(["GET", "HEAD", "OPTIONS", "WATCH", "unknown"]);

/** A write that the server may have carried out. Where a line names no verb, it is not called one. */
export function isUnsafe({ verb, processed, ours }: GoError): boolean {
  return !ours && processed === "maybe" && !SAFE.has(verb);
}

/** `10.0.0.2` of `10.0.0.2:6443`, `::1` of `[::1]:6443`. */
export function hostPart(endpoint: Endpoint): string {
  const host = endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return (host.split("%", 1)[0] ?? "").toLowerCase();
}

/** The packets never left the host. Loopback always has it, and means nothing. */
export function isHairpin(local: Endpoint, remote: Endpoint): boolean {
  const [from, to] = [hostPart(local), hostPart(remote)];
  return from === to && !/^127\.|^::1$|^localhost$/.test(to);
}
