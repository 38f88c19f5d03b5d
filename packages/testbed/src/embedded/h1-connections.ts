import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Answer, Handler, Responder, Who } from "./exchange.js";

/** The connections that speak HTTP/1.1. Nothing warns them of a shutdown: idle ones are closed, busy ones after their answer. */
export class H1Connections {
  readonly #server;
  readonly #busy = new Map<TLSSocket, number>();
  #closing = false;

  constructor(handler: Handler, who: (socket: TLSSocket, authorization: string) => Who) {
    this.#server = createServer((message, response) => {
      const socket = message.socket as TLSSocket;
      this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
      response.once("close", () => {
        this.#busy.set(socket, (this.#busy.get(socket) ?? 1) - 1);
        if (this.#closing && this.#busy.get(socket) === 0) socket.destroySoon();
      });
      void read(message).then((body) => {
        const authorization = message.headers.authorization ?? "";
        handler(
          {
            protocol: "h1",
            method: message.method ?? "GET",
            path: message.url ?? "/",
            userAgent: message.headers["user-agent"] ?? "",
            authorization,
            body,
            who: who(socket, authorization),
          },
          responderOf(response),
        );
      });
    });
    this.#server.keepAliveTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.on("clientError", (_, socket) => socket.destroy());
  }

  get open(): number {
    return this.#busy.size;
  }

  take(socket: TLSSocket): void {
    this.#busy.set(socket, 0);
    socket.once("close", () => this.#busy.delete(socket));
    this.#server.emit("connection", socket);
  }

  /** close_notify and FIN to those that are idle now, to the others as soon as they are. */
  close(): void {
    this.#closing = true;
    for (const [socket, requests] of this.#busy) if (requests === 0) socket.destroySoon();
  }
}

async function read(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of message as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    // It is gone; so is whoever would read the answer.
  }
  return Buffer.concat(parts).toString("utf8");
}

function responderOf(response: ServerResponse): Responder {
  let over = false;
  return {
    answer({ status, contentType, body, retryAfterSeconds }: Answer) {
      over = true;
      response.writeHead(status, {
        "content-type": contentType,
        "content-length": Buffer.byteLength(body),
        ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      });
      response.end(body);
    },
    begin() {
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
    },
    write: (text) => void response.write(text),
    end() {
      over = true;
      response.end();
    },
    lastOfItsConnection() {
      response.shouldKeepAlive = false;
    },
    onGone(listener) {
      response.once("close", () => {
        if (!over) listener();
      });
    },
  };
}
