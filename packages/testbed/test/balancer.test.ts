import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Balancer, startBalancer } from "../src/balancer/balancer.js";
import { acceptThenReset } from "../src/impairments/accept-then-reset.js";
import { blackHole } from "../src/impairments/black-hole.js";
import { cutTlsRecord } from "../src/impairments/cut-tls-record.js";
import { delay } from "../src/impairments/delay.js";
import { fin } from "../src/impairments/fin.js";
import { halfClose } from "../src/impairments/half-close.js";
import { refuse } from "../src/impairments/refuse.js";
import { rst } from "../src/impairments/rst.js";
import { type Backend, endOf, received, startBackend } from "./backend.js";

let backend: Backend;
let balancer: Balancer;
const clients: Socket[] = [];

beforeEach(async () => {
  backend = await startBackend();
  balancer = await startBalancer({ upstreams: [backend] });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await balancer.close();
  await backend.close();
});

async function client(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: balancer.port, allowHalfOpen: true });
  clients.push(socket);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** A flow over which a byte has gone both ways. */
async function flowing(): Promise<{ socket: Socket; peer: Socket }> {
  const socket = await client();
  socket.write("a");
  const peer = await backend.next();
  peer.write("b");
  await received(socket, "b");
  return { socket, peer };
}

describe("a balancer without impairments", () => {
  it("carries bytes and FIN both ways, each way by itself", async () => {
    const { socket, peer } = await flowing();
    const ended = endOf(peer);
    socket.end("last words");
    await received(peer, "alast words");
    expect(await ended).toBe("fin");
    peer.end("and mine");
    await received(socket, "band mine");
    expect(await endOf(socket)).toBe("fin");
    await balancer.when(({ flows }) => flows.every((f) => f.closed));
  });

  it("passes RST on as RST, whichever side it comes from", async () => {
    const one = await flowing();
    const atClient = endOf(one.socket);
    one.peer.resetAndDestroy();
    expect(await atClient).toBe("rst");
    const two = await flowing();
    const atBackend = endOf(two.peer);
    two.socket.resetAndDestroy();
    expect(await atBackend).toBe("rst");
  });

  it("carries megabytes against a slow reader without losing a byte", async () => {
    const { socket, peer } = await flowing();
    const size = 8 * 1024 * 1024;
    socket.pause();
    peer.end(Buffer.alloc(size, "x"));
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.resume();
    await endOf(socket);
    expect(bytes).toBe(size);
  });

  it("sends new flows to new upstreams and leaves old ones where they are", async () => {
    const { socket, peer } = await flowing();
    const other = await startBackend();
    balancer.setUpstreams([other]);
    const second = await client();
    second.write("c");
    await received(await other.next(), "c");
    socket.write("d");
    await received(peer, "ad");
    await other.close();
  });
});

describe("impairments", () => {
  it("fin: both sides get FIN", async () => {
    const { socket, peer } = await flowing();
    const ends = Promise.all([endOf(socket), endOf(peer)]);
    await balancer.add(fin());
    expect(await ends).toEqual(["fin", "fin"]);
  });

  it("fin after so many bytes: exactly those reach the client", async () => {
    const { socket, peer } = await flowing();
    await balancer.add(fin({ afterBytes: 10 }));
    const end = endOf(socket);
    peer.write("0123456789ABCDEF");
    expect(await end).toBe("fin");
    expect(read(socket)).toBe("b0123456789");
  });

  it("rst: both sides get RST", async () => {
    const { socket, peer } = await flowing();
    const ends = Promise.all([endOf(socket), endOf(peer)]);
    await balancer.add(rst());
    expect(await ends).toEqual(["rst", "rst"]);
  });

  it("black-hole: nothing passes; what was said before its end stays lost, what is said after passes", async () => {
    const { socket, peer } = await flowing();
    const remove = await balancer.add(blackHole());
    socket.write("lost");
    peer.write("lost");
    await delivered(socket, peer);
    expect(balancer.flows[0]?.passed).toEqual({ up: 1, down: 1 });
    await remove();
    socket.write("c");
    peer.write("d");
    await received(peer, "ac");
    await received(socket, "bd");
  });

  it("half-close: the client gets FIN and is still heard", async () => {
    const { socket, peer } = await flowing();
    const end = endOf(socket);
    await balancer.add(halfClose());
    expect(await end).toBe("fin");
    socket.write("still here");
    await received(peer, "astill here");
  });

  it("delay: later, in order, and at once when it is removed", async () => {
    const { socket, peer } = await flowing();
    const remove = await balancer.add(delay({ ms: 60_000, direction: "up" }));
    socket.write("one");
    socket.write("two");
    await delivered(socket, peer);
    expect(balancer.flows[0]?.passed.up).toBe(1);
    await remove();
    await received(peer, "aonetwo");
    await balancer.add(delay({ ms: 30, direction: "down" }));
    const before = performance.now();
    peer.write("late");
    await received(socket, "blate");
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  it("refuse: new connections are refused, old flows go on, and it ends when removed", async () => {
    const { socket, peer } = await flowing();
    const remove = await balancer.add(refuse());
    expect(await connectCode()).toBe("ECONNREFUSED");
    socket.write("c");
    await received(peer, "ac");
    await remove();
    expect(await connectCode()).toBeNull();
  });

  it("accept-then-reset: new connections get RST, old flows go on", async () => {
    const { socket, peer } = await flowing();
    await balancer.add(acceptThenReset({ onFirstBytes: true }));
    const second = await client();
    const end = endOf(second);
    second.write("hello");
    expect(await end).toBe("rst");
    socket.write("c");
    await received(peer, "ac");
  });

  it("accept-then-reset at once is seen as a reset, in connect or in read", async () => {
    await balancer.add(acceptThenReset());
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    clients.push(socket);
    expect(await endOf(socket)).toBe("rst");
  });

  it.each(["fin", "rst"] as const)("cut-tls-record by %s: half a record, then the end", async (by) => {
    const { socket, peer } = await flowing();
    await balancer.add(cutTlsRecord({ nth: 2, by }));
    const record = (byte: number) => Buffer.concat([Buffer.of(23, 3, 3, 0, 20), Buffer.alloc(20, byte)]);
    const end = endOf(socket);
    // Cut between two writes, to see that records are put together.
    const both = Buffer.concat([record(1), record(2)]);
    peer.write(both.subarray(0, 7));
    peer.write(both.subarray(7));
    expect(await end).toBe(by);
    expect(Buffer.from(read(socket), "latin1").subarray(1)).toEqual(both.subarray(0, 25 + 12));
  });

  it("chains: a delay in front of a black hole, each removed by itself", async () => {
    const { socket, peer } = await flowing();
    const removeDelay = await balancer.add(delay({ ms: 60_000 }));
    const removeHole = await balancer.add(blackHole());
    await removeHole();
    socket.write("x");
    await delivered(socket, peer);
    await removeDelay();
    await received(peer, "ax");
  });

  it("stays in the flows it was meant for", async () => {
    const one = await flowing();
    const two = await flowing();
    const end = endOf(one.socket);
    await balancer.add(rst(), (flow) => flow.index === 0);
    expect(await end).toBe("rst");
    two.socket.write("c");
    await received(two.peer, "ac");
  });
});

it("close() ends clients and backends and leaves no socket", async () => {
  const { socket, peer } = await flowing();
  const ends = Promise.all([endOf(socket), endOf(peer)]);
  await balancer.close();
  await ends;
  expect(await connectCode()).toBe("ECONNREFUSED");
});

function read(socket: Socket): string {
  return (socket as Socket & { text?: string }).text ?? "";
}

/** Everything written so far has been read by the balancer: it answers connections in order, and this one came later. */
async function delivered(...sockets: Socket[]): Promise<void> {
  for (const socket of sockets)
    if (socket.writableLength > 0) await new Promise((resolve) => socket.once("drain", resolve));
  const known = balancer.flows.length;
  clients.push(connect({ host: "127.0.0.1", port: balancer.port }));
  await balancer.when(({ flows }) => flows.length > known);
  await new Promise((resolve) => setImmediate(resolve));
}

function connectCode(): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: balancer.port });
    clients.push(socket);
    socket.once("connect", () => resolve(null));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "?"));
  });
}
