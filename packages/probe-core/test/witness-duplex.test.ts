import { once } from "node:events";
import { createSecureServer, createServer, type Http2Server, connect as http2Connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import { open } from "./witness-client.js";
import { startServer } from "./witness-server.js";

for (const tls of [false, true]) {
  describe(`node:http2 on a witnessed connection (${tls ? "TLS" : "plain"})`, async () => {
    const { good } = await certificates();
    const onStream = (stream: import("node:http2").ServerHttp2Stream): void => {
      stream.respond({ ":status": 200 });
      stream.end("x".repeat(200_000));
    };
    const server: Http2Server = tls
      ? (createSecureServer({ cert: good.cert, key: good.key }) as unknown as Http2Server)
      : createServer();
    server.on("stream", onStream);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it("answers requests; its close is ours, for a reason of its own", async () => {
      const heard = await open(port, { tls });
      await heard.ready;
      const session = http2Connect(`${tls ? "https" : "http"}://localhost`, {
        createConnection: () => heard.conn.duplex(),
      });
      const bodies = await Promise.all(
        [1, 2, 3].map(async () => {
          const request = session.request({ ":path": "/" });
          let bytes = 0;
          request.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
          });
          await once(request, "end");
          return bytes;
        }),
      );
      expect(bodies).toEqual([200_000, 200_000, 200_000]);
      expect(heard.received().length).toBeGreaterThan(600_000);
      session.close();
      await heard.closed;
      expect(heard.events.find(({ kind }) => kind === "tcp.close.started")).toMatchObject({ reason: "engine.closed" });
      expect(heard.calls.slice(-2)).toEqual(["ended", "closed"]);
    });
  });

  describe(`the plaintext duplex (${tls ? "TLS" : "plain"})`, () => {
    it("ends when the peer ends, and has had every byte", async () => {
      await using server = await startServer({ tls });
      const heard = await open(server.port, { tls });
      const peer = await server.nextPeer();
      await heard.ready;
      const duplex = heard.conn.duplex();
      const chunks: Buffer[] = [];
      duplex.on("data", (chunk: Buffer) => chunks.push(chunk));
      const ended = once(duplex, "end");
      peer.plain.write("last words", () => peer.raw.end());
      await ended;
      await heard.closed;
      expect(Buffer.concat(chunks).toString()).toBe("last words");
      expect(heard.one("tcp.close.started").reason).toBe("peer.ended");
    });

    it("fails with the reset, as a socket would", async () => {
      await using server = await startServer({ tls });
      const heard = await open(server.port, { tls });
      const peer = await server.nextPeer();
      await heard.ready;
      const failed = once(heard.conn.duplex(), "error");
      peer.raw.resetAndDestroy();
      expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
      await heard.closed;
      expect(heard.kinds().slice(-2)).toEqual(["tcp.rst.received", "tcp.closed"]);
    });

    it("carries writes, and swallows them once the connection has ended", async () => {
      await using server = await startServer({ tls });
      const heard = await open(server.port, { tls });
      const peer = await server.nextPeer();
      await heard.ready;
      const duplex = heard.conn.duplex();
      duplex.resume();
      const arrived = once(peer.plain, "data");
      duplex.write("hello");
      expect(String((await arrived)[0])).toBe("hello");
      peer.raw.end();
      await heard.ended;
      heard.conn.write(Buffer.from("into the void"));
      await heard.closed;
      heard.conn.write(Buffer.from("into the void"));
      heard.conn.close("run.ended");
      heard.conn.destroy("run.ended");
      expect(heard.kinds().at(-1)).toBe("tcp.closed");
      expect(heard.kinds().filter((kind) => kind === "tcp.close.started")).toHaveLength(1);
    });
  });
}

it("queuedBytes counts what a peer that does not read leaves with us", async () => {
  for (const tls of [false, true]) {
    await using server = await startServer({ tls });
    const heard = await open(server.port, { tls });
    const peer = await server.nextPeer();
    await heard.ready;
    peer.raw.pause();
    for (let i = 0; i < 200; i++) heard.conn.write(new Uint8Array(100_000));
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.conn.queuedBytes).toBeGreaterThan(1_000_000);
    peer.raw.resume();
    while (heard.conn.queuedBytes > 0) await new Promise((resolve) => setImmediate(resolve));
    heard.conn.destroy("run.ended");
    await heard.closed;
  }
});
