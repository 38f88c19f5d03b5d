import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import type { PathOptions } from "../src/probe-options.js";

export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A real node:http2 server whose sessions and sockets a test can take hold of. */
export interface SessionServer extends AsyncDisposable {
  readonly path: PathOptions;
  readonly port: number;
  readonly sessions: Set<ServerHttp2Session>;
  readonly sockets: Set<Socket>;
  /** Streams seen so far, by `:path`. */
  readonly seen: Map<string, number>;
  handler: StreamHandler;
  /** Resolves at the next stream on that path. */
  nextStream(path: string): Promise<ServerHttp2Stream>;
}

const answer: StreamHandler = (stream) => {
  stream.respond({ ":status": 200, "content-length": 2 });
  stream.end("ok");
};

export async function startSessionServer(options: {
  readonly tls: boolean;
  readonly name?: string;
  readonly urlPath?: string;
  readonly server?: ServerOptions;
}): Promise<SessionServer> {
  const authority = await certificates();
  const server: Http2Server = options.tls
    ? createSecureServer({ ...options.server, cert: authority.good.cert, key: authority.good.key })
    : createServer({ ...options.server });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const seen = new Map<string, number>();
  const waiting: { path: string; resolve: (stream: ServerHttp2Stream) => void }[] = [];
  const result: Omit<SessionServer, "port" | "path"> = {
    sessions,
    sockets,
    seen,
    handler: answer,
    nextStream: (path) => new Promise((resolve) => waiting.push({ path, resolve })),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, "close");
    },
  };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const path = String(headers[":path"]);
    seen.set(path, (seen.get(path) ?? 0) + 1);
    result.handler(stream, headers);
    for (let index = waiting.findIndex((each) => each.path === path); index !== -1; ) {
      waiting.splice(index, 1)[0]?.resolve(stream);
      index = waiting.findIndex((each) => each.path === path);
    }
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls ? "https" : "http";
  return Object.assign(result, {
    port,
    path: {
      name: options.name ?? "local",
      url: `${scheme}://127.0.0.1:${port}${options.urlPath ?? "/ok"}`,
      ...(options.tls ? { ca: authority.ca } : {}),
    },
  });
}
