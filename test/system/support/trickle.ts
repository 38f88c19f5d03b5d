import { createServer, type ServerResponse } from "node:http";

/** An HTTP/1.1 upstream whose every answer takes a while. */
export interface Trickle {
  readonly port: number;
  close(): Promise<void>;
}

const CHUNK_MS = 50;
const CHUNK = "still here\n";

/** Starts it on loopback. An answer is a chunk each 50 ms, for `seconds`, with its length said beforehand. */
export async function startTrickle(options: { readonly seconds: number }): Promise<Trickle> {
  const timers = new Map<ServerResponse, NodeJS.Timeout>();
  const server = createServer((_request, response) => {
    let left = Math.round((options.seconds * 1000) / CHUNK_MS);
    response.writeHead(200, { "content-type": "text/plain", "content-length": left * CHUNK.length });
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) response.write(CHUNK);
      else response.end(CHUNK);
    }, CHUNK_MS);
    timers.set(response, timer);
    response.once("close", () => {
      clearInterval(timer);
      timers.delete(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream has no port");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
