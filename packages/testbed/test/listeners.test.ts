import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { certificates } from "../src/certificates/certificates.js";
import { startMortalServer } from "../src/listeners/mortal-server.js";
import { holdRefusingPort } from "../src/listeners/refusing-port.js";
import { listenWithFullBacklog, listenWithoutAccepting } from "../src/listeners/unaccepting-listener.js";
import { startRawServer } from "../src/server/raw-server.js";
import { endOf } from "./backend.js";
import { BareClient } from "./bare-client.js";

const linux = process.platform === "linux";
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

function attempt(host: string, port: number, timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    sockets.push(socket);
    const timer = setTimeout(() => resolve("no answer"), timeoutMs);
    const done = (result: string) => {
      clearTimeout(timer);
      resolve(result);
    };
    socket.once("connect", () => done("connected"));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? "?"));
  });
}

describe("places where no connection comes about", () => {
  it("a refusing port refuses as long as it is held", async () => {
    const held = await holdRefusingPort();
    for (let i = 0; i < 20; i++) expect(await attempt("127.0.0.1", held.port)).toBe("ECONNREFUSED");
    await held.close();
  });

  it.runIf(linux)("a full accept queue answers no SYN", async () => {
    const listener = await listenWithFullBacklog();
    const results = await Promise.all(Array.from({ length: 5 }, () => attempt("127.0.0.1", listener.port, 300)));
    expect(results).toEqual(Array(5).fill("no answer"));
    await listener.close();
  });

  it.runIf(linux)("the broadcast address of the loopback network is unreachable at once", async () => {
    expect(await attempt("127.255.255.255", 443)).toBe("ENETUNREACH");
  });

  it.runIf(linux)(
    "a listener closed with a connection in its accept queue resets it, once the client has spoken",
    async () => {
      const listener = await listenWithoutAccepting(16, "queued-bytes");
      const socket = connect({ host: "127.0.0.1", port: listener.port });
      sockets.push(socket);
      const end = endOf(socket);
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.write("ClientHello");
      expect(await end).toBe("rst");
      await listener.closed;
      expect(await attempt("127.0.0.1", listener.port)).toBe("ECONNREFUSED");
      await listener.close();
    },
  );
});

it("a killed server process leaves FIN, without close_notify or GOAWAY, to clients with requests open", async () => {
  const { ca, good } = await certificates();
  const mortal = await startMortalServer(good);
  const server = await startRawServer({
    identity: good,
    divert: (socket) => {
      mortal.take(socket);
      return true;
    },
  });
  const client = new BareClient({ port: server.port, ca });
  await client.ready;
  for (let i = 0; i < 3; i++) client.get();
  await mortal.opened(3);
  await mortal.kill();
  expect(await client.ended).toBe("fin");
  expect(client.closeNotify).toBe(false);
  expect(client.goaways()).toEqual([]);
  expect(server.connections).toEqual([]);
  await server.close();
});
