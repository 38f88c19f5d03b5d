import { once } from "node:events";
import { type ClientHttp2Session, connect, createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { type DetailedPeerCertificate, type TLSSocket, connect as tlsConnect } from "node:tls";
import type { Identity } from "../../../testbed/src/certificates/identity.js";
import type { KubeAccess } from "../../src/kube/index.js";

/** Who a client is, as the server sees it. */
export interface Whoami {
  readonly path: string;
  readonly authorization: string | null;
  /** Common name of the client certificate. */
  readonly certificate: string | null;
  readonly sni: string | null;
}

export interface WhoamiServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Common name of each connection's client certificate, in the order of the handshakes. */
  readonly handshakes: (string | null)[];
  /** Each request so far. */
  readonly requests: Whoami[];
  /** Whom it answers 200; all others 401. Default: everyone. */
  welcome: (authorization: string | null) => boolean;
}

/** A real HTTP/2 server that asks for a client certificate and answers each request with what it knows of the client. */
export async function startWhoami(
  identity: Identity,
  clientCa: string,
  demand: "ask" | "insist" = "ask",
): Promise<WhoamiServer> {
  const server = createSecureServer({
    ...identity,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: demand === "insist",
    allowHTTP1: true,
  });
  const handshakes: (string | null)[] = [];
  const requests: Whoami[] = [];
  const sockets = new Set<TLSSocket>();
  let running: WhoamiServer;
  server.on("secureConnection", (socket: TLSSocket) => {
    handshakes.push(commonName(socket));
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("request", (request, response) => {
    const socket = (request.stream?.session?.socket ?? request.socket) as TLSSocket;
    const answer: Whoami = {
      path: request.url,
      authorization: request.headers.authorization ?? null,
      certificate: commonName(socket),
      sni: typeof socket.servername === "string" && socket.servername !== "" ? socket.servername : null,
    };
    requests.push(answer);
    response.statusCode = running.welcome(answer.authorization) ? 200 : 401;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  running = {
    port,
    url: `https://127.0.0.1:${port}`,
    handshakes,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, "close");
    },
    welcome: () => true,
  };
  return running;
}

/** One request on a new connection with these credentials. */
export async function whoami(access: KubeAccess, path: string): Promise<Whoami> {
  const context = access.secureContext?.();
  const socket = tlsConnect({
    host: access.host,
    port: access.port,
    ...(context === undefined ? {} : { secureContext: context }),
    ...(access.serverName === null ? {} : { servername: access.serverName }),
    rejectUnauthorized: access.verify,
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  const session = connect(access.server, { createConnection: () => socket });
  try {
    return await ask(session, path, access.token?.() ?? null);
  } finally {
    session.destroy();
  }
}

async function ask(session: ClientHttp2Session, path: string, token: string | null): Promise<Whoami> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const stream = session.request({ ":path": path, ...headers });
  let text = "";
  for await (const chunk of stream) text += chunk;
  return JSON.parse(text) as Whoami;
}

function commonName(socket: TLSSocket): string | null {
  const certificate = socket.getPeerCertificate() as Partial<DetailedPeerCertificate> | null;
  const name = certificate?.subject?.CN;
  return typeof name === "string" ? name : null;
}
