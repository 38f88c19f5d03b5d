import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { RawSocket } from "../src/io/raw-socket.js";

it("a socket that is reset while its shutdown is under way is closed, and its descriptor given back", async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const errors: unknown[] = [];
  const ignored = (): void => {};
  const raw = new RawSocket({
    rawConnected: ignored,
    rawBytes: ignored,
    rawEnding: ignored,
    rawEnded: ignored,
    rawFailed: (error) => errors.push(error),
    rawClosed: ignored,
  });
  raw.connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  await once(raw, "connect");
  const [peer] = await accepted;
  peer.on("error", () => {});
  const closed = once(raw, "close");
  // In one turn: libuv has begun with the shutdown, and not ended it.
  raw.end();
  raw.resetAndDestroy();
  await closed;
  expect(errors).toEqual([]);
  peer.destroy();
  server.close();
  await once(server, "close");
});
