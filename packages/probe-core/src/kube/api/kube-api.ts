import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { LIMITS } from "../../limits.js";
import { VERSION } from "../../version.js";
import type { KubeAccess } from "../access.js";

/** Where to connect instead of the kubeconfig's host. */
export interface ApiEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What to ask an API server. */
export interface ApiQuestion {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** After the path prefix of the kubeconfig's server. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** For all of it, connecting included. Default 10 000. */
  readonly timeoutMs?: number;
}

/** A whole answer, or why there was none. Neither holds a credential. */
export type ApiAnswer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly code: string };

/** Asks API servers beside the probe, each time on a new connection that no lane counts (HTTP/1.1, closed after it). */
export class KubeApi {
  readonly #access: KubeAccess;
  readonly #endpoints: readonly ApiEndpoint[];

  /** `endpoints`: where to ask, in this order; default is the kubeconfig's address. Certificate and name are checked as there. */
  constructor(access: KubeAccess, endpoints?: readonly [ApiEndpoint, ...ApiEndpoint[]]) {
    this.#access = access;
    this.#endpoints = endpoints ?? [{ host: access.host, port: access.port }];
  }

  /** The path prefix of the kubeconfig's server, without a slash at its end. */
  get prefix(): string {
    return this.#access.server.pathname.replace(/\/$/, "");
  }

  /** The same access at another place. */
  at(endpoint: ApiEndpoint): KubeApi {
    return new KubeApi(this.#access, [endpoint]);
  }

  /** Asks each endpoint in turn until one gives a whole answer. Never rejects. */
  async ask(question: ApiQuestion): Promise<ApiAnswer> {
    let answer: ApiAnswer = { ok: false, code: "no endpoint" };
    for (const endpoint of this.#endpoints) {
      answer = await this.#askAt(endpoint, question);
      if (answer.ok) return answer;
    }
    return answer;
  }

  #askAt(endpoint: ApiEndpoint, question: ApiQuestion): Promise<ApiAnswer> {
    return new Promise((resolve) => {
      const failed = (error: unknown): void => resolve({ ok: false, code: codeOf(error) });
      try {
        const body = question.body === undefined ? null : Buffer.from(JSON.stringify(question.body));
        const options = this.#options(endpoint, question, body?.byteLength ?? null);
        const request = this.#access.secureContext === null ? httpRequest(options) : httpsRequest(options);
        request.on("error", failed);
        request.once("response", (response) => {
          if (response.statusCode === 401) this.#access.refused();
          void read(response).then(resolve, failed);
        });
        request.end(body ?? undefined);
      } catch (error) {
        failed(error);
      }
    });
  }

  #options(endpoint: ApiEndpoint, question: ApiQuestion, bodyBytes: number | null): RequestOptions {
    const { server, serverName, host, verify, token, secureContext } = this.#access;
    const name = serverName ?? host;
    const bearer = token?.() ?? null;
    return {
      host: endpoint.host,
      port: endpoint.port,
      agent: false,
      method: question.method ?? "GET",
      path: this.prefix + question.path,
      signal: AbortSignal.timeout(question.timeoutMs ?? 10_000),
      headers: {
        host: server.host,
        accept: "application/json",
        "user-agent": `drainprobe/${VERSION}`,
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(bodyBytes === null
          ? {}
          : { "content-type": question.contentType ?? "application/json", "content-length": bodyBytes }),
      },
      ...(secureContext === null
        ? {}
        : {
            secureContext: secureContext(),
            servername: isIP(name) === 0 ? name : "",
            rejectUnauthorized: verify,
            checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
              checkServerIdentity(name, certificate),
          }),
    };
  }
}

async function read(response: IncomingMessage): Promise<ApiAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > LIMITS.apiAnswerBytes) {
      response.destroy();
      return { ok: false, code: "the answer is too large" };
    }
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString("utf8");
  return { ok: true, status: response.statusCode ?? 0, body: json(text) };
}

/** `null` where it is none: /readyz answers in plain text. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "ETIMEDOUT";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
