import type { X509Certificate } from "node:crypto";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { ApiserverConfig } from "./apiserver-config.js";
import type { Handler, Who } from "./exchange.js";
import { H1Connections } from "./h1-connections.js";
import { H2Session } from "./h2-session.js";

/** Everything an API server listens on, and all its connections. */
export class Listeners {
  readonly #config: ApiserverConfig;
  readonly #handler: Handler;
  readonly #h1: H1Connections;
  readonly #h2 = new Set<H2Session>();
  readonly #sockets = new Set<TLSSocket>();
  #servers: readonly Server[] = [];
  #onEmpty: () => void = () => {};

  constructor(config: ApiserverConfig, handler: Handler) {
    this.#config = config;
    this.#handler = handler;
    this.#h1 = new H1Connections(handler, (socket, authorization) => this.#who(socket, authorization));
  }

  async listen(): Promise<void> {
    const { cert, key, ca, host, port, also } = this.#config;
    this.#servers = await Promise.all(
      [{ host, port }, ...also].map((at) => {
        const server = createServer(
          { cert, key, ca, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] },
          (socket) => this.#take(socket),
        );
        return new Promise<Server>((resolve, reject) => {
          server.once("error", reject);
          server.listen({ ...at, backlog: 4_096 }, () => resolve(server));
        });
      }),
    );
  }

  get h2(): ReadonlySet<H2Session> {
    return this.#h2;
  }

  /** From the next instant on the kernel refuses. */
  stop(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  closeH1(): void {
    this.#h1.close();
  }

  /** Resolves when no connection is left. */
  empty(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #take(socket: TLSSocket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty();
    });
    if (socket.alpnProtocol !== "h2") {
      this.#h1.take(socket);
      return;
    }
    const session = new H2Session({
      socket,
      handler: this.#handler,
      who: (authorization) => this.#who(socket, authorization),
      lingerMs: this.#config.times.goawayLinger,
    });
    this.#h2.add(session);
    socket.once("close", () => this.#h2.delete(session));
  }

  #who(socket: TLSSocket, authorization: string): Who {
    if (this.#config.tokens.some((token) => authorization === `Bearer ${token}`)) return "known";
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    return certificate === undefined ? "anonymous" : mayAll(certificate) ? "masters" : "known";
  }
}

function mayAll(certificate: X509Certificate): boolean {
  return /(^|\n)O=system:masters(\n|$)/.test(certificate.subject);
}
