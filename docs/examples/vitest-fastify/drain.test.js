import { createProbe, fresh, held } from "@drainprobe/core";
import "@drainprobe/core/vitest";
import { expect, test } from "vitest";
import { startServer } from "./start-server.js";

test("our server loses no request on SIGTERM", async () => {
  const server = await startServer();
  const probe = await createProbe({ target: server.url, lanes: [held({ ratePerSecond: 100 }), fresh()] });
  await probe.settled();
  const drained = probe.drained();
  server.stop();
  await drained;
  expect(await probe.stop()).toDrainCleanly();
  await server.exited;
});
