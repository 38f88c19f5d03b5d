import assert from "node:assert/strict";
import { before, test } from "node:test";
import { certificates, faults, startRawServer } from "@drainprobe/testbed";
import { Agent, fetch } from "undici";

let ca;
let identity;
before(async () => {
  ({ ca, good: identity } = await certificates());
});

/** What became of one GET over HTTP/2: its body, or the error. */
async function get(fault) {
  const server = await startRawServer({ identity, fault });
  const dispatcher = new Agent({ allowH2: true, connect: { ca } });
  try {
    const response = await fetch(`${server.url}/`, { dispatcher, signal: AbortSignal.timeout(1_000) });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    return { error: error.cause?.code ?? error.cause?.message ?? error.name };
  } finally {
    await dispatcher.destroy();
    await server.close();
  }
}

test("a whole answer is read", async () => {
  assert.deepEqual(await get(), { status: 200, body: '{"from":"testbed"}\n' });
});

// node:http2 below it reports some of these as a clean end; its users must not.
const cut = {
  "FIN in the middle of a body": faults.finMidBody({ streams: 1 }),
  "GOAWAY that counts the stream, then RST in the middle of its body": faults.goawayThenRstMidBody({ streams: 1 }),
  "RST while the answer is due": faults.rstInFlight({ streams: 1 }),
  "a body shorter than its content-length": faults.shortContent({ streams: 1 }),
  "FIN inside a TLS record": faults.finInsideTlsRecord({ streams: 1 }),
};

for (const [what, fault] of Object.entries(cut)) {
  test(`an answer is not taken for whole: ${what}`, async (t) => {
    const { error } = await get(fault);
    assert.ok(error, "it was taken for whole");
    t.diagnostic(error);
  });
}

test("a server that never answers is given up", async () => {
  assert.deepEqual(await get(faults.silence({ streams: 1 })), { error: "TimeoutError" });
});
