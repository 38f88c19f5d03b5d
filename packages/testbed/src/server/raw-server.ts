import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import type { Identity } from "../certificates/identity.js";
import type { Fault } from "../faults/fault.js";
import { Conditions } from "./conditions.js";
import { listen } from "./listen.js";
import { ServerConnection } from "./server-connection.js";
import type { WireTls } from "./wire.js";

const MAX_REMEMBERED = 1_000;

/** Options of {@link startRawServer}. */
export interface RawServerOptions {
  /** The certificate to show; `null`: cleartext HTTP/2 with prior knowledge. */
  readonly identity: Identity | null;
  /** Default `["h2"]`; empty: the server takes no part in ALPN. */
  readonly alpn?: readonly string[];
  readonly fault?: Fault;
  /** Which connections the fault befalls, by their index. Default: the first one; should it end before its fault, the next. */
  readonly victims?: (index: number) => boolean;
  /** Called with each accepted socket before a byte of it is read. `true`: the caller takes it from here. */
  readonly divert?: (socket: Socket) => boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

/** An HTTP/2 server under full control. */
export interface RawServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Without a path. */
  readonly url: string;
  /** The connections accepted, in order: all that are open, and of the closed ones the latest thousand. */
  readonly connections: readonly ServerConnection[];
  /** Connections the fault has been done to. */
  readonly firedOn: readonly ServerConnection[];
  /** Resolves as soon as `condition` holds, looked at after everything the server sees or does. */
  when(condition: (server: RawServer) => boolean): Promise<void>;
  /** Stops listening and ends every socket; resolves when none is left. */
  close(): Promise<void>;
}

/** Starts an HTTP/2 server that writes its frames by hand, healthy but for `fault`. */
export async function startRawServer(options: RawServerOptions): Promise<RawServer> {
  const host = options.host ?? "127.0.0.1";
  const tls: WireTls | null =
    options.identity === null
      ? null
      : {
          secureContext: createSecureContext({ cert: options.identity.cert, key: options.identity.key }),
          alpn: options.alpn ?? ["h2"],
        };
  let armed: ServerConnection | null = null;
  const isNext = () => firedOn.length === 0 && (armed === null || armed.closed);
  const victims = options.victims ?? isNext;
  const connections: ServerConnection[] = [];
  const firedOn: ServerConnection[] = [];
  const conditions = new Conditions();
  let accepted = 0;
  const onActivity = () => conditions.look();

  const pauseOnConnect = options.divert !== undefined;
  const listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, (socket) => {
    if (options.divert?.(socket) === true) return;
    const connection = new ServerConnection(accepted++, socket, tls, { onActivity });
    connections.push(connection);
    if (connections.length > MAX_REMEMBERED) forgetOldest(connections);
    if (options.fault !== undefined && victims(connection.index)) {
      const fired = () => {
        if (firedOn.includes(connection)) return;
        firedOn.push(connection);
        onActivity();
      };
      armed = connection;
      connection.setHooks(options.fault.arm(connection, fired));
    }
    if (pauseOnConnect) socket.resume();
    onActivity();
  });
  await listen(listener, host, options.port ?? 0);
  const { port } = listener.address() as AddressInfo;

  const server: RawServer = {
    host,
    port,
    url: `${tls === null ? "http" : "https"}://${host}:${port}`,
    connections,
    firedOn,
    when: (condition) => conditions.when(() => condition(server)),
    async close() {
      // Its callback is not waited for: it also waits for sockets given to another process. We count our own.
      if (listener.listening) listener.close();
      for (const connection of connections) connection.wire.destroy();
      await server.when(() => connections.every((c) => c.closed));
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  return server;
}

/** So that a server under churn for hours does not grow. */
function forgetOldest(connections: ServerConnection[]): void {
  const oldest = connections.findIndex((c) => c.closed);
  if (oldest >= 0) connections.splice(oldest, 1);
}
