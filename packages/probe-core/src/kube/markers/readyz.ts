import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { BackendName, Instant, Nanos } from "../../events/index.js";
import { NANOS_PER_MS } from "../../events/index.js";
import type { KubeAccess } from "../access.js";
import { kubeAgent } from "../api/kube-agent.js";
import { certificateNames } from "./certificate-names.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";
import { repeat } from "./repeat.js";

/** Options of {@link pollReadyz}. */
export interface ReadyzOptions {
  /** Credentials, CA and the name to check the certificate against; its server's address is not used. */
  readonly access: KubeAccess;
  /** The backend itself, never a balancer: its IP, or a name that leads to it alone. */
  readonly host: string;
  readonly port: number;
  readonly backend: BackendName;
  /** Default 100 ms. */
  readonly everyNs?: Nanos;
  /** No answer in this time is an unreachable backend. Default 1 s. */
  readonly timeoutNs?: Nanos;
}

/** What one question came to. */
type Answer =
  | { readonly is: "green" | "red" | "unreachable"; readonly detail: string }
  /** It says nothing about the backend: we may not ask, or do not trust who answers. */
  | { readonly is: "silent"; readonly why: string };

interface Asked {
  readonly answer: Answer;
  readonly at: Instant;
  /** It went over a connection that had served before. */
  readonly reused: boolean;
}

/**
 * Asks a backend's `/readyz` over and over, and tells each change of the answer.
 *
 * It asks by HTTP/1.1 on a connection of its own (node:https), not through the witness: a marker's source is no subject of the
 * run, must not appear among its lanes and connections, and needs no facts of its layers, only an answer. The change lies between the
 * start of the last question with the old answer and now; that is the marker's resolution.
 */
export function pollReadyz(options: ReadyzOptions, deps: MarkerDeps): StopSource {
  const poller = new ReadyzPoller(options, deps);
  const stop = repeat(deps.clock, options.everyNs ?? 100 * NANOS_PER_MS, () => poller.ask());
  return async () => {
    poller.stop();
    await stop();
  };
}

class ReadyzPoller {
  readonly #options: ReadyzOptions;
  readonly #deps: MarkerDeps;
  readonly #teller: MarkerTeller;
  readonly #agent: ReturnType<typeof kubeAgent>;
  #asking: ClientRequest | null = null;
  #last: "green" | "red" | "unreachable" | null = null;
  #askedAt: Nanos | null = null;
  #addressKnown = false;
  readonly #known = new WeakSet<Socket>();

  constructor(options: ReadyzOptions, deps: MarkerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#teller = new MarkerTeller("readyz", deps);
    this.#agent = kubeAgent(options.access, { maxSockets: 1, maxFreeSockets: 1 });
  }

  stop(): void {
    this.#teller.stop();
    // Without an error, and so without a signal: between an answer and the pool Node's socket has no listener for one.
    this.#asking?.destroy();
    this.#agent.destroy();
  }

  async ask(): Promise<void> {
    const askedAt = this.#deps.clock.now();
    const { answer, at } = await this.#get("/readyz", (response) => this.#judge(response));
    if (this.#teller.stopped) return;
    if (answer.is === "silent") {
      this.#teller.notice(`/readyz of ${this.#options.backend} tells nothing: ${answer.why}`);
      return;
    }
    if (answer.is !== this.#last) {
      const { backend } = this.#options;
      // The first answer is no change: it has been so since any time before.
      const resolutionNs = this.#askedAt === null ? at.t : at.t - this.#askedAt;
      const detail = this.#last === null ? `first answer: ${answer.detail}` : answer.detail;
      this.#teller.tell({ backend, marker: `readyz.${answer.is}`, saidAt: null, resolutionNs, detail }, at);
      this.#last = answer.is;
    }
    this.#askedAt = askedAt;
    if (answer.is === "green" && !this.#addressKnown) await this.#learnAddress();
  }

  async #judge(response: IncomingMessage): Promise<Answer> {
    const { statusCode = 0, socket } = response;
    // Now: a connection that is not kept is gone with the answer's end, and its certificate with it.
    this.#learnCertificate(socket);
    await drain(response);
    if (statusCode === 401) this.#options.access.refused();
    if (statusCode === 401 || statusCode === 403) return { is: "silent", why: `HTTP ${statusCode}` };
    return { is: statusCode === 200 ? "green" : "red", detail: `HTTP ${statusCode}` };
  }

  /** The certificate is a name of this backend if it names this backend: one that all backends share does not. */
  #learnCertificate(socket: Socket): void {
    if (!(socket instanceof TLSSocket) || this.#known.has(socket)) return;
    this.#known.add(socket);
    const names = certificateNames(socket);
    if (names === null) return;
    const own = [this.#options.host, this.#options.backend].filter((name) => !/^(127\.|::1$|localhost$)/.test(name));
    if (own.some((name) => names.subjects.has(name.toLowerCase()))) {
      this.#teller.name(this.#options.backend, names.fingerprint, "certificate");
    }
  }

  /** `GET /api` says under which address the API server that answers is advertised. */
  async #learnAddress(): Promise<void> {
    const { answer } = await this.#get("/api", async (response): Promise<Answer> => {
      const body = await drain(response);
      const address = response.statusCode === 200 ? advertisedAddress(body) : null;
      if (address !== null) this.#teller.name(this.#options.backend, address, "api");
      return { is: "silent", why: `HTTP ${response.statusCode}` };
    });
    // Not allowed is an answer; not reached is asked again.
    this.#addressKnown = answer.is === "silent";
  }

  async #get(path: string, judge: (response: IncomingMessage) => Promise<Answer>): Promise<Asked> {
    const asked = await this.#once(path, judge);
    // A kept connection may end while nothing is asked on it: that is no answer to this question.
    return asked.reused && asked.answer.is === "unreachable" ? this.#once(path, judge) : asked;
  }

  #once(path: string, judge: (response: IncomingMessage) => Promise<Answer>): Promise<Asked> {
    return new Promise((resolve) => {
      let reused = false;
      const done = (answer: Answer): void => resolve({ answer, at: this.#deps.clock.instant(), reused });
      try {
        const { protocol } = this.#options.access.server;
        const request = (protocol === "http:" ? httpRequest : httpsRequest)(this.#requestOptions(path));
        let late = false;
        const failed = (error: Error): void => {
          reused = request.reusedSocket;
          done(late ? { is: "unreachable", detail: "no answer in time" } : unreached(error));
        };
        this.#asking = request;
        request.on("error", failed);
        request.once("timeout", () => {
          late = true;
          request.destroy();
        });
        request.once("response", (response) => void judge(response).then(done, failed));
        request.end();
      } catch (error) {
        // A credential that cannot be used, such as a token with a line feed: Node throws at once.
        done({ is: "silent", why: (error as NodeJS.ErrnoException).code ?? "the request could not be made" });
      }
    });
  }

  #requestOptions(path: string): RequestOptions {
    const { access, host, port, timeoutNs } = this.#options;
    const prefix = access.server.pathname.replace(/\/$/, "");
    const token = access.token?.() ?? "";
    return {
      agent: this.#agent,
      host,
      port,
      path: prefix + path,
      method: "GET",
      timeout: Math.ceil((timeoutNs ?? 1_000 * NANOS_PER_MS) / NANOS_PER_MS),
      headers: { host: access.server.host, ...(token === "" ? {} : { authorization: `Bearer ${token}` }) },
      ...(access.secureContext === null ? {} : { secureContext: access.secureContext() }),
    };
  }
}

/** At most this much of an answer is kept; `/readyz` and `/api` are small. */
const BODY_CHARS = 64 * 1024;

async function drain(response: IncomingMessage): Promise<string> {
  let body = "";
  response.setEncoding("utf8");
  for await (const chunk of response) if (body.length < BODY_CHARS) body += chunk as string;
  return body;
}

const UNTRUSTED = /CERT|SELF_SIGNED|ISSUER|^ERR_TLS|^ERR_SSL/;

function unreached(error: Error): Answer {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && UNTRUSTED.test(code)) return { is: "silent", why: code };
  return { is: "unreachable", detail: code ?? error.message };
}

function advertisedAddress(body: string): string | null {
  try {
    const { serverAddressByClientCIDRs } = JSON.parse(body) as { serverAddressByClientCIDRs?: unknown };
    const first: unknown = Array.isArray(serverAddressByClientCIDRs) ? serverAddressByClientCIDRs[0] : undefined;
    const address: unknown = (first as { serverAddress?: unknown } | undefined)?.serverAddress;
    return typeof address === "string" && /^[\w.:[\]-]{3,64}$/.test(address) ? address : null;
  } catch {
    return null;
  }
}
