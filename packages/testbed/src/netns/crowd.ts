import { connect, type TLSSocket } from "node:tls";

/** Connections of clients that are not of the lab. */
export interface Crowd {
  /** Resolves when so many are open to that server and each has had an answer. */
  gather(host: string, port: number): Promise<void>;
  /** Ends what is left of them. */
  disperse(): void;
}

/** So many handshakes at a time: more would be in the way of the clients that are watched. */
const AT_ONCE = 4;
const WITHIN_MS = 10_000;

/**
 * A crowd of HTTP/2 clients which each ask for /version once and stay: what makes a server's goodbye a long one. They are as small as
 * such a client can be: they know no more of the protocol than its greeting, and throw away whatever they are told.
 */
export function makeCrowd(size: number): Crowd {
  const open = new Set<TLSSocket>();
  return {
    async gather(host, port) {
      let wanted = size;
      const next = async (): Promise<void> => {
        while (wanted-- > 0) {
          const socket = await join(host, port);
          open.add(socket);
          socket.once("close", () => open.delete(socket));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
    },
    disperse() {
      for (const socket of open) socket.destroy();
    },
  };
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** No settings of our own. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** HPACK: GET, https, `:path` and `:authority` as literals that nobody has to remember (RFC 7541 6.2.2). */
const BLOCK = Buffer.concat([
  Buffer.from([0x82, 0x87, 0x04, "/version".length]),
  Buffer.from("/version", "latin1"),
  Buffer.from([0x01, "lab".length]),
  Buffer.from("lab", "latin1"),
]);
/** HEADERS of stream 1, END_STREAM and END_HEADERS. */
const REQUEST = Buffer.concat([Buffer.from([0, 0, BLOCK.length, 1, 0x05, 0, 0, 0, 1]), BLOCK]);
/** Its answer cannot be shorter: the server's SETTINGS alone are. */
const ANSWER_BYTES = 100;

function join(host: string, port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    let bytes = 0;
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`no answer from ${host} within ${WITHIN_MS} ms`)));
    socket.once("secureConnect", () => socket.write(Buffer.concat([PREFACE, SETTINGS, REQUEST])));
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes < ANSWER_BYTES) return;
      socket.setTimeout(0);
      resolve(socket);
    });
    // After that an error is its end, and that is what it is for.
    socket.on("error", reject);
  });
}
