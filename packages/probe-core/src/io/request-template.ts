import { DrainprobeError } from "../errors.js";
import { NANOS_PER_SECOND, type Nanos } from "../events/index.js";
import type { EncodedHead, RequestHead } from "../h2/contract.js";

/** A request as the user asked for it, checked, with everything but the credentials that change. */
export interface RequestTemplate {
  readonly method: string;
  /** Absolute URL, as records show it. */
  readonly url: string;
  /** `:path`. */
  readonly path: string;
  /** Lower-case names, content-length included where there is a body. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
  /** Statuses of 400 and above that are an answer here and no failure, such as 500 of a /readyz that says "not ready". */
  readonly expected?: readonly number[];
}

/** The head of a request in the forms the two engines take. */
export interface PreparedHead {
  readonly head: RequestHead;
  readonly encoded: EncodedHead;
}

/** The heads of one path, with the token as it is now. */
export interface HeadSet {
  of(template: RequestTemplate): PreparedHead;
}

export interface HeadBookOptions {
  readonly url: URL;
  /**
   * Asked at each new connection and, while requests go out, once a second: a session may outlive the token that it began with,
   * and a request under an old one would be a failure of our own making.
   */
  readonly token: (() => string) | null;
  readonly now: () => Nanos;
  readonly encode: (head: RequestHead) => EncodedHead;
}

/** Builds heads once and hands them out many times; builds anew when the token has changed. */
export class HeadBook implements HeadSet {
  readonly #options: HeadBookOptions;
  #token: string | null = null;
  #set: HeadSet | null = null;
  #readAt: Nanos = Number.NEGATIVE_INFINITY;

  constructor(options: HeadBookOptions) {
    this.#options = options;
  }

  /**
   * The set for a connection opened now. A token that cannot be read at this moment leaves the last one in use; without
   * one, `CREDENTIALS_UNREADABLE` is thrown.
   */
  current(): HeadSet {
    this.#renew();
    return this;
  }

  of(template: RequestTemplate): PreparedHead {
    const { token, now } = this.#options;
    const due = token !== null && now() - this.#readAt >= NANOS_PER_SECOND;
    return (this.#set === null || due ? this.#renew() : this.#set).of(template);
  }

  #renew(): HeadSet {
    this.#readAt = this.#options.now();
    const token = this.#readToken();
    if (this.#set === null || token !== this.#token) {
      this.#token = token;
      this.#set = headSet(this.#options, token);
    }
    return this.#set;
  }

  #readToken(): string | null {
    if (this.#options.token === null) return null;
    try {
      const token = this.#options.token().trim();
      if (!BEARER_TOKEN.test(token)) throw new TypeError("the token is empty or holds what no header may hold");
      return token;
    } catch (cause) {
      // Half-written during its rotation, for example. A server that no longer takes the old one answers 401, and that is seen.
      if (this.#token !== null) return this.#token;
      throw new DrainprobeError("CREDENTIALS_UNREADABLE", "the token cannot be read", { cause });
    }
  }
}

/** Visible ASCII, which is more than RFC 6750 §2.1 allows and all that a header can hold safely. */
const BEARER_TOKEN = /^[!-~]+$/;

function headSet(options: HeadBookOptions, token: string | null): HeadSet {
  // Weakly: a workload makes a template for each request of its own.
  const heads = new WeakMap<RequestTemplate, PreparedHead>();
  const scheme = options.url.protocol === "https:" ? "https" : "http";
  return {
    of(template) {
      let prepared = heads.get(template);
      if (prepared === undefined) {
        const own = template.headers.some(([name]) => name === "authorization");
        const head: RequestHead = {
          method: template.method,
          scheme,
          authority: options.url.host,
          path: template.path,
          headers:
            token === null || own ? template.headers : [...template.headers, ["authorization", `Bearer ${token}`]],
        };
        prepared = { head, encoded: options.encode(head) };
        heads.set(template, prepared);
      }
      return prepared;
    },
  };
}
