import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { LIMITS } from "../../limits.js";
import type { KubeAccess } from "../access.js";
import { kubeAgent } from "../api/kube-agent.js";

/** An answer of the API: an HTTP status and, where it was JSON, its value. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A watch that runs. */
export interface ApiStream {
  /** Resolves when nothing more will come: with the status where it was not 200, else with `null`. Rejects when it was cut. */
  readonly ended: Promise<number | null>;
  stop(): void;
}

/** As much of a Kubernetes client as markers need. */
export interface ApiClient {
  /** Rejects for failures of the network only. */
  get(path: string): Promise<ApiAnswer>;
  /** Calls `onLine` with each line of a chunked answer: a watch's events. */
  stream(path: string, onLine: (line: string) => void): ApiStream;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** A watch on which nothing came for this long is asked anew; the server ends each one within minutes anyway. */
const SILENCE_MS = 10 * 60_000;

/** A client on connections of its own, HTTP/1.1 through node:https: it serves the timeline, and is never counted as a lane. */
export function apiClient(access: KubeAccess): ApiClient {
  return new HttpsApiClient(access);
}

class HttpsApiClient implements ApiClient {
  readonly #access: KubeAccess;
  readonly #agent: ReturnType<typeof kubeAgent>;
  readonly #open = new Set<ClientRequest>();

  constructor(access: KubeAccess) {
    this.#access = access;
    this.#agent = kubeAgent(access, { maxFreeSockets: 1 });
  }

  get(path: string): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(path, TIMEOUT_MS, reject);
      request?.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          if (text.length + chunk.length > 16 * LIMITS.apiLineChars) request.destroy(new Error("an answer too large"));
          else text += chunk;
        });
        response.on("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body: parse(text) }));
      });
      request?.end();
    });
  }

  stream(path: string, onLine: (line: string) => void): ApiStream {
    let request: ClientRequest | null = null;
    const ended = new Promise<number | null>((resolve, reject) => {
      request = this.#request(path, SILENCE_MS, reject);
      request?.once("response", (response) => readLines(response, request, onLine, resolve, reject));
      request?.end();
    });
    return { ended, stop: () => request?.destroy() };
  }

  close(): void {
    for (const request of this.#open) request.destroy();
    this.#agent.destroy();
  }

  #request(path: string, timeout: number, failed: (error: Error) => void): ClientRequest | null {
    const { server, host, port, secureContext } = this.#access;
    try {
      const token = this.#access.token?.() ?? "";
      const request = (server.protocol === "http:" ? httpRequest : httpsRequest)({
        agent: this.#agent,
        host,
        port,
        path: server.pathname.replace(/\/$/, "") + path,
        timeout,
        headers: {
          accept: "application/json",
          "user-agent": "drainprobe-markers",
          ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(secureContext === null ? {} : { secureContext: secureContext() }),
      });
      this.#open.add(request);
      request.once("response", ({ statusCode }) => {
        if (statusCode === 401) this.#access.refused();
      });
      request.once("close", () => this.#open.delete(request));
      request.once("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", failed);
      return request;
    } catch (error) {
      failed(error as Error);
      return null;
    }
  }
}

function readLines(
  response: IncomingMessage,
  request: ClientRequest | null,
  onLine: (line: string) => void,
  ended: (status: number | null) => void,
  failed: (error: Error) => void,
): void {
  if (response.statusCode !== 200) {
    response.resume();
    response.on("error", failed);
    response.once("end", () => ended(response.statusCode ?? 0));
    return;
  }
  let partial = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    const lines = (partial + chunk).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line);
    if (partial.length > LIMITS.apiLineChars) request?.destroy(new Error("a line too long"));
  });
  response.on("error", failed);
  response.once("end", () => ended(null));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
