import { expect, it } from "vitest";
import type { ProbeEvent } from "../src/events/index.js";
import { resolveOptions } from "../src/options/resolve-options.js";
import { Run } from "../src/run.js";
import { startServer } from "./witness-server.js";

it("a run takes a name's addresses in turn, and a dead one shows as its own failure", async () => {
  await using server = await startServer({ tls: false });
  const run = new Run(
    resolveOptions({
      paths: [{ name: "vip", url: `http://several.invalid:${server.port}` }],
      lanes: { freshTcp: { ratePerSecond: 100 } },
    }),
    async () => [
      { address: "127.0.0.1", family: 4 },
      { address: "255.255.255.255", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
  );
  const started: (string | null)[] = [];
  const failed: ProbeEvent[] = [];
  await new Promise<void>((resolve) => {
    run.recorder.subscribe((event) => {
      if (event.kind === "tcp.connect.failed") failed.push(event);
      if (event.kind === "tcp.connect.started" && started.push(event.remote) === 6) resolve();
    });
    run.start();
  });
  await run.stop("run.ended");
  const { port } = server;
  const alive = `127.0.0.1:${port}`;
  const dead = `255.255.255.255:${port}`;
  expect(started.slice(0, 6)).toEqual([alive, dead, alive, alive, dead, alive]);
  expect(failed.length).toBeGreaterThanOrEqual(1);
});
