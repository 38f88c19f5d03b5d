import { request } from "node:https";

/** Where and as whom to ask. */
export interface ApiTarget {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An answer, whatever its status. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON. Throws if it is not. */
  json(): unknown;
}

/** What to ask. */
export interface ApiQuestion {
  readonly method?: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default 10 s, for all of it. */
  readonly withinMs?: number;
}

/**
 * One request on a connection of its own (HTTP/1.1), which is closed after it: made for looking after a control plane, not for
 * measuring it. Rejects when there is no whole answer in time.
 */
export function ask(target: ApiTarget, question: ApiQuestion): Promise<ApiAnswer> {
  const body = question.body === undefined ? null : JSON.stringify(question.body);
  return new Promise((resolve, reject) => {
    const req = request({
      ...target,
      agent: false,
      method: question.method ?? "GET",
      path: question.path,
      headers: {
        accept: "application/json",
        ...(body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
      },
      signal: AbortSignal.timeout(question.withinMs ?? 10_000),
    });
    req.once("error", reject);
    req.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text, json: () => JSON.parse(text) }));
    });
    req.end(body ?? undefined);
  });
}
