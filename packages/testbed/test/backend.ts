import { type AddressInfo, createServer, type Socket } from "node:net";

/** A TCP server that does nothing by itself. */
export interface Backend {
  readonly host: string;
  readonly port: number;
  /** The next connection, accepted already or not. */
  next(): Promise<Socket>;
  close(): Promise<void>;
}

type Noted = Socket & { text?: string; noted?: Promise<"fin" | "rst"> };

export async function startBackend(): Promise<Backend> {
  const accepted: Socket[] = [];
  const all: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    note(socket);
    all.push(socket);
    const first = waiting.shift();
    if (first !== undefined) first(socket);
    else accepted.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    next() {
      const socket = accepted.shift();
      return socket !== undefined ? Promise.resolve(socket) : new Promise((resolve) => waiting.push(resolve));
    },
    close() {
      for (const socket of all) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Resolves when all that was read from the socket so far is `text`. */
export async function received(socket: Socket, text: string): Promise<void> {
  const noted = note(socket);
  while ((noted.text ?? "") !== text) await new Promise((resolve) => socket.once("data", resolve));
}

/** How the other side ended the connection. */
export function endOf(socket: Socket): Promise<"fin" | "rst"> {
  return note(socket).noted as Promise<"fin" | "rst">;
}

/** Reads the socket and keeps what was read and how it ended. */
function note(socket: Socket): Noted {
  const noted = socket as Noted;
  if (noted.noted !== undefined) return noted;
  noted.text = "";
  socket.on("data", (bytes: Buffer) => {
    noted.text += bytes.toString("latin1");
  });
  noted.noted = new Promise((resolve) => {
    socket.on("error", () => resolve("rst"));
    // The kernel forgets the peer's name at RST, not at FIN; but also when both sides have sent theirs.
    socket.on("end", () => resolve(socket.writableEnded || socket.remoteAddress !== undefined ? "fin" : "rst"));
  });
  return noted;
}
