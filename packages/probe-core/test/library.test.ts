import { describe, expect, it } from "vitest";
import { createProbe, fresh, held, idle, type ProbeEvent, slow, watch } from "../src/index.js";
import "../src/entries/vitest.js";
import { witness } from "../src/entries/witness.js";
import { startSessionServer } from "./session-server.js";

describe("short forms", () => {
  it("a target and a list of lanes mean the same as a path and an object", async () => {
    await using server = await startSessionServer({ tls: true });
    const { name: _name, ...target } = server.path;
    await using probe = await createProbe({
      target,
      lanes: [
        held({ sessions: 1 }),
        idle(),
        fresh({ kind: "tcp" }),
        fresh({ kind: "tls" }),
        fresh(),
        watch({ paths: ["/w"] }),
      ],
    });
    expect(probe.header.lanes.map(({ path, lane }) => `${path} ${lane}`)).toEqual(
      ["held", "idle", "fresh.tcp", "fresh.tls", "fresh.h2", "watch"].map((lane) => `target ${lane}`),
    );
  });

  it.each([
    ["two of a kind", { target: "http://h", lanes: [held(), held()] }, "a second held"],
    [
      "a target beside paths",
      { target: "http://h", paths: [{ name: "p", url: "http://h" }], lanes: [held()] },
      "beside paths",
    ],
    [
      "what is no lane",
      { target: "http://h", lanes: ["held"] as never },
      'lanes[0]: must be an object such as held() gives, is "held"',
    ],
    [
      "a kind there is not",
      { target: "http://h", lanes: [fresh({ kind: "udp" as never })] },
      'unknown option "fresh.udp"',
    ],
    [
      "a rate and a concurrency",
      { target: "http://h", lanes: [fresh({ ratePerSecond: 1, concurrency: 1 })] },
      "not both",
    ],
    [
      "a target that is none",
      { target: 7 as never, lanes: [slow({ paths: ["/s"] })] },
      "target: must be a URL, or an object",
    ],
  ])("%s is told", async (_what, options, told) => {
    await expect(createProbe(options)).rejects.toThrow(told);
  });
});

describe("settled", () => {
  it("says which lane has not worked, and why, when its time is over", async () => {
    await using probe = await createProbe({ target: "http://127.0.0.1:1", lanes: [held(), fresh({ kind: "tcp" })] });
    await expect(probe.settled({ timeoutMs: 100 })).rejects.toMatchObject({
      code: "NOT_SETTLED",
      message: expect.stringMatching(
        /^after 100 ms target\/held, target\/fresh\.tcp had not worked once: the last failure: tcp\.refused on path target/,
      ),
    });
  });

  it("ends with its signal, and with the probe", async () => {
    const probe = await createProbe({ target: "http://127.0.0.1:1", lanes: [held()] });
    const reason = new Error("enough");
    await expect(probe.settled({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const waiting = expect(probe.settled({ timeoutMs: Number.POSITIVE_INFINITY })).rejects.toMatchObject({
      code: "PROBE_STOPPED",
    });
    await probe.stop();
    await waiting;
    await expect(probe.drained()).rejects.toMatchObject({ code: "PROBE_STOPPED" });
  });
});

describe("drained", () => {
  it("waits for what is open now, and shows what the end rests on", async () => {
    await using server = await startSessionServer({ tls: true });
    await using probe = await createProbe({ paths: [server.path], lanes: [held({ sessions: 2 })] });
    await probe.settled();
    await expect(probe.drained({ timeoutMs: 50 })).rejects.toMatchObject({
      code: "NOT_DRAINED",
      message: "still open after 50 ms: connection 1 (no GOAWAY), connection 2 (no GOAWAY)",
    });
    const drained = probe.drained();
    for (const socket of server.sockets) socket.destroy();
    await drained;
    const summary = await probe.stop();
    expect(() => expect(summary).toDrainCleanly()).toThrow(
      /evidence:\n +\d\.\d{3} s {2}#\d+ tcp\.connect\.complete conn=[12] local=.*\n(.*\n)*? +\d\.\d{3} s {2}#\d+ tcp\.(fin|rst)\.received conn=[12]/,
    );
  });

  it("has nothing to wait for where nothing is open", async () => {
    await using probe = await createProbe({ target: "http://127.0.0.1:1", lanes: [held()] });
    await probe.drained();
  });
});

describe("records", () => {
  it("end with their signal, and leave no handler behind", async () => {
    await using server = await startSessionServer({ tls: false });
    await using probe = await createProbe({ paths: [server.path], lanes: [held()] });
    const stop = new AbortController();
    let seen = 0;
    for await (const _ of probe.records({ signal: stop.signal })) if (++seen === 5) stop.abort();
    expect(seen).toBe(5);
    for await (const _ of probe.records({ signal: stop.signal })) expect.fail("its signal was aborted before");
  });
});

it("several probes of one process do not know of each other", async () => {
  await using one = await startSessionServer({ tls: true });
  await using two = await startSessionServer({ tls: false });
  await using first = await createProbe({ paths: [one.path], lanes: [held(), fresh()] });
  await using second = await createProbe({ paths: [two.path], lanes: [held(), fresh()] });
  await Promise.all([first.settled(), second.settled()]);
  const drained = first.drained();
  for (const socket of one.sockets) socket.destroy();
  await drained;
  first.mark("the first one only");
  const [torn, whole] = [await first.stop(), await second.stop()];
  expect(torn).not.toHaveNoConnectionFailures();
  expect(whole).toHaveNoConnectionFailures();
  expect(first.header.run).not.toBe(second.header.run);
});

describe("witness", () => {
  const kinds = (events: readonly ProbeEvent[]): string[] => [...new Set(events.map(({ kind }) => kind))];

  it("tells one connection from its attempt to its end, once for each who reads", async () => {
    await using server = await startSessionServer({ tls: true });
    const { name: _name, url, ...path } = server.path;
    const session = witness(url, { ...path, requests: [{ method: "GET", path: "/a" }] });
    const seen: ProbeEvent[] = [];
    for await (const event of session) {
      seen.push(event);
      if (event.kind === "h2.stream.ended") for (const socket of server.sockets) socket.destroy();
    }
    expect(session.events).toEqual(seen);
    expect(kinds(seen).filter((kind) => !kind.includes("ping"))).toEqual(
      expect.arrayContaining([
        "tcp.connect.started",
        "tls.handshake.complete",
        "h2.settings.received",
        "request.sent",
        "tcp.closed",
      ]),
    );
    expect(seen.at(-1)?.kind).toBe("tcp.closed");
    const again: ProbeEvent[] = [];
    for await (const event of session) again.push(event);
    expect(again).toEqual(seen);
  });

  it("is closed by its signal, and by the end of a scope", async () => {
    await using server = await startSessionServer({ tls: false });
    const stop = new AbortController();
    const session = witness(server.path.url, { signal: stop.signal });
    for await (const event of session) if (event.kind === "h2.settings.received") stop.abort();
    expect(session.events.at(-1)?.kind).toBe("tcp.closed");
    {
      await using other = witness(server.path.url);
      for await (const event of other) if (event.kind === "h2.settings.received") break;
    }
  });

  it("takes a server that is not there for an event", async () => {
    const seen = [];
    for await (const event of witness("http://127.0.0.1:1")) seen.push(event.kind);
    expect(seen).toEqual(["tcp.connect.started", "tcp.connect.failed"]);
    expect(() => witness("ftp://h")).toThrow("must begin with https://");
  });
});
