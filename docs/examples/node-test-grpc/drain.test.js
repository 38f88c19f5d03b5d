import { test } from "node:test";
import { createProbe, held } from "@drainprobe/core";
import { assertDrainsCleanly } from "@drainprobe/core/assert";
import { startServer } from "./start-server.js";

/** A unary call with an empty message: five bytes of framing. */
const call = {
  method: "POST",
  path: "/shop.Orders/Place",
  headers: { "content-type": "application/grpc", te: "trailers" },
  body: new Uint8Array(5),
};

test("our gRPC server answers every order on SIGTERM", async () => {
  const server = await startServer();
  const probe = await createProbe({ target: server.url, lanes: [held({ ratePerSecond: 100 })], requests: [call] });
  await probe.settled();
  const drained = probe.drained();
  server.stop();
  await drained;
  assertDrainsCleanly(await probe.stop());
  await server.exited;
});
