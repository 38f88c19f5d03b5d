import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Identity } from "../certificates/identity.js";
import { listen } from "./listen.js";

/** A healthy server on node:http2: what an ordinary library does, beside the raw server which does anything. */
export interface NodeServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Sessions open now. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Stops listening and closes every session as node:http2 does: GOAWAY, open streams finished, then the socket. */
  drain(): Promise<void>;
  /** Stops listening and ends every socket. */
  close(): Promise<void>;
}

/** Starts a node:http2 server; `identity: null` is cleartext. Same paths as the raw server. */
export async function startNodeServer(options: { readonly identity: Identity | null }): Promise<NodeServer> {
  const { identity } = options;
  const server =
    identity === null
      ? createServer()
      : (createSecureServer({ cert: identity.cert, key: identity.key }) as unknown as Http2Server);
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers[":path"] ?? "/");
  });
  await listen(server, "127.0.0.1", 0);
  const { port } = server.address() as AddressInfo;
  const stopped = (): Promise<void> =>
    new Promise((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
    });
  const nodeServer: NodeServer = {
    host: "127.0.0.1",
    port,
    url: `${identity === null ? "http" : "https"}://127.0.0.1:${port}`,
    sessions,
    async drain() {
      const done = stopped();
      for (const session of sessions) session.close();
      await done;
    },
    async close() {
      const done = stopped();
      for (const socket of sockets) socket.destroy();
      await done;
    },
    [Symbol.asyncDispose]: () => nodeServer.close(),
  };
  return nodeServer;
}

function answer(stream: ServerHttp2Stream, path: string): void {
  const [, word = "", argument = ""] = path.split(/[/?]/);
  const number = Number.parseInt(argument, 10);
  const end = (status: number, body: string) => {
    if (stream.destroyed) return;
    stream.respond({
      ":status": status,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    stream.end(body);
  };
  stream.resume();
  if (word === "watch") {
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.write('{"type":"ADDED"}\n');
  } else if (word === "slow" && number >= 0) {
    const timer = setTimeout(() => end(200, "slow\n"), number);
    stream.on("close", () => clearTimeout(timer));
  } else if (word === "bytes" && number >= 0) {
    end(200, "x".repeat(number));
  } else if (word === "status" && number >= 200) {
    end(number, "{}\n");
  } else {
    end(200, '{"from":"testbed"}\n');
  }
}
