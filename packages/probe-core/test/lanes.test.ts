import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { fates, LaneRig, tally } from "./lane-rig.js";
import { HEADERS, startRawH2Server } from "./raw-h2-server.js";
import { startSessionServer } from "./session-server.js";

const MS = 1_000_000;

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const ENGINES = ["wire", "node"] as const;

describe.each(ENGINES)("%s engine", (engine) => {
  describe.each([true, false])("tls %s", (tls) => {
    it("runs every lane on a healthy server and loses nothing", async () => {
      await using server = await startSessionServer({ tls });
      server.handler = (stream, headers) => {
        const path = headers[":path"];
        stream.respond({ ":status": 200 });
        if (path === "/watch" || path === "/slow") stream.write("more to come");
        else stream.end("ok");
      };
      await using rig = new LaneRig({
        paths: [server.path],
        engine,
        pingIntervalMs: 20,
        lanes: {
          held: { sessions: 2, streams: 5, ratePerSecond: 100 },
          idle: { sessions: 2 },
          freshTcp: { ratePerSecond: 10 },
          ...(tls ? { freshTls: { ratePerSecond: 10 } } : {}),
          freshH2: { ratePerSecond: 10 },
          watch: { paths: ["/watch"] },
          slow: { paths: ["/slow"] },
        },
      });
      await rig.run.settled();
      await rig.count("h2.stream.ended", 40);
      await rig.count("h2.ping.acknowledged", 20);
      expect(await rig.stop()).toBe(0);

      expect(Object.keys(tally(rig.events))).toEqual(["ended"]);
      expect(rig.all("session.ready")).toHaveLength(6);
      // After our own FIN, a reset only answers it.
      const closing = new Map<number, number>();
      for (const { conn, seq } of rig.all("tcp.close.started")) if (!closing.has(conn)) closing.set(conn, seq);
      const resets = rig.all("tcp.rst.received", ({ conn, seq }) => seq < (closing.get(conn) ?? 0));
      expect(resets.map(({ conn }) => rig.events.filter((event) => "conn" in event && event.conn === conn))).toEqual(
        [],
      );
      expect(rig.all("h2.protocol.error")).toEqual([]);
      for (const lane of ["held", "fresh.tcp", "fresh.h2"]) {
        const begun = rig.events.filter(
          (event) =>
            "intended" in event &&
            event.lane === lane &&
            (event.kind === "tcp.connect.started") === (lane === "fresh.tcp"),
        );
        const operations = new Set(begun.map((event) => ("request" in event ? event.request : event.seq)));
        const missed = rig
          .all("schedule.missed", (event) => event.lane === lane)
          .reduce((sum, { count }) => sum + count, 0);
        expect([lane, operations.size + missed]).toEqual([lane, rig.run.scheduled[`local/${lane}`]]);
      }
      const lanes = new Set(rig.all("tcp.connect.started").map((event) => event.lane));
      expect(lanes.size).toBe(tls ? 7 : 6);
      // Every connection of the run is closed, by the facts and by the server's own count.
      const closed = new Set(rig.all("tcp.closed").map((event) => event.conn));
      expect(rig.all("tcp.connect.started").every((event) => closed.has(event.conn))).toBe(true);
    });
  });

  it("queues requests while the target refuses, fails them with the attempt they waited for, and recovers", async () => {
    const port = await freePort();
    await using rig = new LaneRig({
      paths: [{ name: "late", url: `http://127.0.0.1:${port}/raw` }],
      engine,
      lanes: { held: { sessions: 1, streams: 5, ratePerSecond: 50 } },
    });
    await rig.count("tcp.connect.failed", 4);
    await using server = await startRawH2Server({
      port,
      onPeer: (peer) => peer.settings(),
      onFrame: (peer, frame) => {
        if (frame.type === HEADERS) peer.answer(frame.stream);
      },
    });
    expect(server.port).toBe(port);
    await rig.event("session.ready");
    await rig.count("h2.stream.ended", 20);
    await rig.stop();

    const failures = rig.all("tcp.connect.failed");
    const starts = rig.all("tcp.connect.started");
    const pauses = failures.map((failure, index) => (starts[index + 1]?.t ?? 0) - failure.t);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(Math.min(1_000, 50 * 2 ** index) * MS);
      expect(pause).toBeLessThan(Math.min(1_000, 50 * 2 ** index) * MS + 300 * MS);
    }
    const failed = new Set(failures.map((event) => event.conn));
    const unsent = rig.all("request.unsent", (event) => event.reason === "connection");
    expect(unsent.length).toBeGreaterThan(0);
    for (const event of unsent) expect(failed.has(event.conn ?? 0)).toBe(true);
    // Each request was queued before it was given up or sent late, and has exactly one end.
    const queued = rig.all("request.queued").map((event) => event.request);
    expect(new Set(queued).size).toBe(queued.length);
    for (const event of unsent) expect(queued).toContain(event.request);
    expect(Object.keys(tally(rig.events)).sort()).toEqual(["ended", "unsent.connection"]);
  });

  it("gives queued requests up at their deadline, counted from when they were intended", async () => {
    await using server = await startRawH2Server({});
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      requestTimeoutMs: 150,
      lanes: { held: { sessions: 1, streams: 5, ratePerSecond: 50 } },
    });
    const unsent = await rig.event("request.unsent");
    await rig.stop();
    const queued = rig.all("request.queued", (event) => event.request === unsent.request)[0];
    expect(unsent.reason).toBe("deadline");
    expect(unsent.t - (queued?.intended ?? 0)).toBeGreaterThanOrEqual(150 * MS);
    expect(unsent.t - (queued?.intended ?? 0)).toBeLessThan(600 * MS);
  });

  it("sends no queued request whose deadline has passed, when the one before it gives up its stream", async () => {
    await using server = await startSessionServer({ tls: true });
    server.handler = () => {};
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      requestTimeoutMs: 100,
      lanes: { held: { sessions: 1, streams: 1, ratePerSecond: 4_000 } },
    });
    await rig.count("request.expired", 2);
    await rig.stop();
    // They waited for the handshake together, so their deadlines pass together.
    const queuedAt = new Map(rig.all("request.queued").map(({ request, t }) => [request, t]));
    expect(queuedAt.size).toBeGreaterThan(4);
    const late = rig.all("request.sent", ({ request, t }) => t - (queuedAt.get(request) ?? t) > 101 * MS);
    // One may be in time when it is looked at and late when it is written, on a machine that stands still in between.
    expect(late.length).toBeLessThanOrEqual(1);
    expect(rig.all("request.unsent", ({ reason }) => reason === "deadline").length).toBeGreaterThan(0);
  });

  it("counts operations as missed when every stream stays taken, and blames no connection", async () => {
    await using server = await startSessionServer({ tls: false });
    server.handler = () => {};
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      lanes: { held: { sessions: 1, streams: 2, ratePerSecond: 20 } },
    });
    const missed = await rig.event("schedule.missed");
    await rig.stop();
    expect(missed).toMatchObject({ lane: "held", reason: "in-flight.limit" });
    expect(rig.all("request.sent")).toHaveLength(2);
    const lost = rig.all("schedule.missed").reduce((sum, event) => sum + event.count, 0);
    expect(lost + rig.all("request.sent").length + rig.all("request.queued").length).toBeGreaterThanOrEqual(
      rig.run.scheduled["local/held"] ?? 0,
    );
  });

  it("opens a watch again when it ended, and sees the difference between ended and cut", async () => {
    await using server = await startSessionServer({ tls: true });
    let count = 0;
    server.handler = (stream) => {
      count += 1;
      stream.respond({ ":status": 200 });
      stream.write("event");
      if (count === 1) stream.end();
      if (count === 2) for (const socket of server.sockets) socket.destroy();
    };
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { watch: { paths: ["/watch"] } } });
    await rig.count("request.sent", 3);
    await rig.event("h2.data.received", (event) => event.request === 3);
    await rig.stop();
    expect([...fates(rig.events).values()]).toEqual(["ended", "cut", "aborted.run.ended"]);
    const sent = rig.all("request.sent");
    expect(sent[0]?.conn).toBe(sent[1]?.conn);
    expect(sent[2]?.conn).not.toBe(sent[1]?.conn);
    expect(sent.every((event) => event.url.endsWith("/watch") && event.lane === "watch")).toBe(true);
    expect(rig.run.scheduled).toEqual({ "local/watch": 3 });
  });

  it("does not flood a server that refuses its watch", async () => {
    await using server = await startSessionServer({ tls: false });
    server.handler = (stream) => stream.respond({ ":status": 403 }, { endStream: true });
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { watch: { paths: ["/watch"] } } });
    await rig.count("h2.stream.ended", 5);
    await rig.stop();
    const starts = rig.all("request.sent").map((event) => event.t);
    // At once, then 50, 100 and 200 ms apart.
    for (const [index, least] of [0, 50, 100, 200].entries()) {
      expect((starts[index + 1] ?? 0) - (starts[index] ?? 0)).toBeGreaterThanOrEqual(least * MS);
    }
  });

  it("sends each fresh request on a connection of its own and closes it", async () => {
    await using server = await startSessionServer({ tls: true });
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { freshH2: { ratePerSecond: 20 } } });
    await rig.count("h2.stream.ended", 5);
    // Without the responses that still come in while the run closes.
    const ended = rig.all("h2.stream.ended");
    await rig.stop();
    expect(new Set(ended.map((event) => event.conn)).size).toBe(ended.length);
    for (const { conn, request } of ended) {
      expect(rig.all("tcp.close.started", (event) => event.conn === conn)).toMatchObject([{ reason: "lane.complete" }]);
      const order = rig.events
        .filter((event) => "request" in event && event.request === request)
        .map((event) => event.kind);
      expect(order.slice(0, 2)).toEqual(["request.queued", "request.sent"]);
    }
  });

  it("says which attempt a fresh request failed with", async () => {
    const port = await freePort();
    await using rig = new LaneRig({
      paths: [{ name: "nobody", url: `http://127.0.0.1:${port}/` }],
      engine,
      lanes: { freshH2: { ratePerSecond: 50 }, freshTcp: { ratePerSecond: 50 } },
    });
    await rig.count("request.unsent", 3);
    await rig.stop();
    const failed = rig.all("tcp.connect.failed").map((event) => event.conn);
    for (const event of rig.all("request.unsent", ({ reason }) => reason === "connection")) {
      expect(failed).toContain(event.conn);
    }
    expect(rig.all("tcp.connect.failed").every((event) => event.code === "ECONNREFUSED")).toBe(true);
  });
});

describe("many paths", () => {
  it("run side by side, each with its own outcome, and never fire together", async () => {
    await using good = await startSessionServer({ tls: true, name: "good" });
    await using plain = await startSessionServer({ tls: false, name: "plain" });
    const port = await freePort();
    await using rig = new LaneRig({
      paths: [good.path, plain.path, { name: "dead", url: `http://127.0.0.1:${port}/` }],
      lanes: { held: { sessions: 1, streams: 4, ratePerSecond: 20 }, freshTcp: { ratePerSecond: 20 } },
    });
    await rig.until(() =>
      ["good", "plain"].every((path) => rig.all("request.sent", (event) => event.path === path).length > 8),
    );
    await rig.stop();
    expect(rig.all("request.sent", (event) => event.path === "dead")).toEqual([]);
    expect(rig.all("request.unsent", (event) => event.reason === "connection").length).toBeGreaterThan(0);
    expect(Object.keys(rig.run.scheduled).sort()).toEqual(
      ["dead", "good", "plain"].flatMap((path) => [`${path}/fresh.tcp`, `${path}/held`]),
    );
    // Intended times of different lanes, folded into one interval of 50 ms, keep apart.
    const phases = new Map<string, number>();
    for (const event of rig.events) {
      if (event.kind === "tcp.connect.started" && event.lane === "fresh.tcp" && event.intended !== null) {
        phases.set(`${event.path}/tcp`, Math.round(event.intended / 1000) % 50_000);
      }
      if (event.kind === "request.queued" || event.kind === "request.sent") {
        phases.set(`${event.path}/held`, Math.round(event.intended / 1000) % 50_000);
      }
    }
    const sorted = [...phases.values()].sort((a, b) => a - b);
    expect(sorted).toHaveLength(6);
    for (const [index, phase] of sorted.entries()) {
      expect((sorted[index + 1] ?? (sorted[0] ?? 0) + 50_000) - phase).toBeGreaterThan(2_000);
    }
  });
});
