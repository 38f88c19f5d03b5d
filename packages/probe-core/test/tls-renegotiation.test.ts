import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import { settingsFrame } from "../../testbed/src/h2/frame.js";
import { LaneRig } from "./lane-rig.js";

/** A server of TLS 1.2 that renegotiates each connection once the client has sent something. */
async function startRenegotiator() {
  const { good, ca } = await certificates();
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    { cert: good.cert, key: good.key, maxVersion: "TLSv1.2", ALPNProtocols: ["h2"] },
    (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.once("data", () => {
        socket.write(settingsFrame([]));
        socket.renegotiate({}, () => {});
      });
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/ok`,
    ca,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

it("a server that renegotiates ends its connection, which has one handshake and failed by its TLS", async () => {
  await using server = await startRenegotiator();
  await using rig = new LaneRig({
    paths: [{ name: "local", url: server.url, ca: server.ca }],
    lanes: { held: { sessions: 1, streams: 3, ratePerSecond: 20 } },
  });
  expect(await rig.event("tls.failed")).toMatchObject({ conn: 1, code: "ERR_TLS_RENEGOTIATED", alert: null });
  expect(rig.all("tls.handshake.complete", ({ conn }) => conn === 1)).toHaveLength(1);
  const closed = await rig.event("tcp.closed", ({ conn }) => conn === 1);
  expect(rig.all("tls.failed", ({ conn }) => conn === 1)).toHaveLength(1);
  expect(closed.t).toBeGreaterThan(0);
});
