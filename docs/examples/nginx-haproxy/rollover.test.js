import { after, before, test } from "node:test";
import { createProbe, fresh, held } from "@drainprobe/core";
import { assertDrainsCleanly, assertIncident } from "@drainprobe/core/assert";
import { startBackend, startHaproxy, startNginx } from "./servers.js";

let backend;
before(async () => {
  backend = await startBackend();
});
after(() => backend.close());

const lanes = [held({ ratePerSecond: 100 }), fresh({ ratePerSecond: 50 })];

test("nginx loses nothing when it is reloaded", async () => {
  const nginx = await startNginx(backend.port);
  const probe = await createProbe({ target: nginx.url, lanes });
  await probe.settled();
  const drained = probe.drained();
  nginx.reload();
  await drained;
  assertDrainsCleanly(await probe.stop(), { maxNewConnectionGapMs: 500 });
  await nginx.close();
});

test("haproxy cuts what is in flight when it is restarted", async (t) => {
  const haproxy = await startHaproxy(backend.port);
  const probe = await createProbe({ target: haproxy.url, lanes });
  await probe.settled();
  const drained = probe.drained();
  await haproxy.restart();
  await drained;
  const summary = await probe.stop();
  assertIncident(summary, { lane: "held", minRequestsFailed: 1 });
  for (const { type, close, requestsFailed } of summary.incidents) t.diagnostic(`${type} ${close} ${requestsFailed}`);
  await haproxy.close();
});
