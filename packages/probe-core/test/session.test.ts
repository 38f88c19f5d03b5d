import { once } from "node:events";
import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import type { EventOf } from "../src/events/index.js";
import { fates, LaneRig } from "./lane-rig.js";
import { HEADERS, PING, SETTINGS, startRawH2Server } from "./raw-h2-server.js";
import { startSessionServer } from "./session-server.js";

const MS = 1_000_000;
const one = { sessions: 1, streams: 5 } as const;

/**
 * Every request ended well, save those that crossed the GOAWAY on a busy machine: sent before it was seen, on a stream above
 * its last. After it was seen, none was sent on that connection.
 */
function expectHandover(rig: LaneRig, goaway: EventOf<"h2.goaway.received">): void {
  const fate = fates(rig.events);
  for (const sent of rig.all("request.sent")) {
    const how = fate.get(sent.request);
    const crossed = sent.conn === goaway.conn && sent.stream > goaway.lastStreamId;
    if (how !== "aborted.run.ended") expect([sent.stream, how]).toEqual([sent.stream, crossed ? "ignored" : "ended"]);
    if (sent.conn === goaway.conn) expect(sent.seq).toBeLessThan(goaway.seq);
  }
}

describe.each(["wire", "node"] as const)("a session of the %s engine", (engine) => {
  it.each([true, false])("hands over after GOAWAY without losing a request (tls %s)", async (tls) => {
    await using server = await startSessionServer({ tls });
    let count = 0;
    server.handler = (stream) => {
      count += 1;
      stream.respond({ ":status": 200 });
      stream.end("ok");
      if (count === 5) stream.session?.close();
    };
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { held: { ...one, ratePerSecond: 40 } } });
    const goaway = await rig.event("h2.goaway.received");
    const next = await rig.event("session.ready", (event) => event.replaces === goaway.conn);
    await rig.event("h2.stream.ended", (event) => event.conn === next.conn);
    const fin = await rig.event("tcp.closed", (event) => event.conn === goaway.conn);
    await rig.stop();

    expect(next.gapNs).toBeGreaterThan(0);
    const gapBegan = next.t - (next.gapNs ?? 0);
    expect(gapBegan).toBeLessThanOrEqual(goaway.t);
    expect(gapBegan).toBeGreaterThanOrEqual(goaway.t - goaway.u);
    expectHandover(rig, goaway);
    const closeStarted = rig.all("tcp.close.started", (event) => event.conn === goaway.conn);
    // The wire engine waits for the peer; node:http2 closes by itself, whoever is first.
    const reasons = engine === "wire" ? ["peer.ended"] : ["engine.closed", "peer.ended"];
    for (const event of closeStarted) expect(reasons).toContain(event.reason);
    expect(fin.seq).toBeGreaterThan(goaway.seq);
  });

  it("keeps streams of a draining connection while new requests go elsewhere", async () => {
    await using server = await startSessionServer({ tls: false });
    let release = (): void => {};
    let first = true;
    server.handler = (stream) => {
      stream.respond({ ":status": 200 });
      if (!first) {
        stream.end("ok");
        return;
      }
      first = false;
      stream.write("begun");
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id);
      release = () => stream.end("done");
    };
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { held: { ...one, ratePerSecond: 50 } } });
    const goaway = await rig.event("h2.goaway.received");
    await rig.event("h2.stream.ended", (event) => event.conn !== goaway.conn);
    release();
    const last = await rig.event("h2.stream.ended", (event) => event.conn === goaway.conn);
    await rig.stop();

    expect(last.bytes).toBe(9);
    expectHandover(rig, goaway);
  });

  it("gives a draining connection up when the drain timeout has passed", async () => {
    await using server = await startRawH2Server({
      onPeer: (peer) => peer.settings(),
      onFrame: (peer, frame, index) => {
        if (frame.type !== HEADERS) return;
        if (index > 0) peer.answer(frame.stream);
        else if (frame.stream === 1) peer.goaway(1);
      },
    });
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      drainTimeoutMs: 150,
      lanes: { held: { ...one, ratePerSecond: 40 } },
    });
    const goaway = await rig.event("h2.goaway.received");
    const aborted = await rig.event("request.aborted", (event) => event.conn === goaway.conn);
    const started = await rig.event("tcp.close.started", (event) => event.conn === goaway.conn);
    expect(aborted).toMatchObject({ reason: "drain.timeout" });
    expect(started).toMatchObject({ reason: "drain.timeout" });
    expect(started.t - goaway.t).toBeGreaterThanOrEqual(150 * MS);
    await rig.event("tcp.closed", (event) => event.conn === goaway.conn);
  });

  it("lets go of streams above the last stream id without a word of its own", async () => {
    await using server = await startRawH2Server({
      onPeer: (peer) => peer.settings(),
      onFrame: (peer, frame, index) => {
        if (frame.type !== HEADERS) return;
        if (index > 0) peer.answer(frame.stream);
        else if (frame.stream === 5) {
          peer.goaway(1);
          peer.answer(1);
        }
      },
    });
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { held: { ...one, ratePerSecond: 100 } } });
    const goaway = await rig.event("h2.goaway.received");
    await rig.event("h2.stream.ended", (event) => event.conn !== goaway.conn);
    server.peers[0]?.socket.destroy();
    await rig.event("tcp.closed", (event) => event.conn === goaway.conn);
    await rig.stop();

    const onOld = rig.all("request.sent", (event) => event.conn === goaway.conn);
    const fate = fates(rig.events);
    expect(onOld.length).toBeGreaterThanOrEqual(3);
    for (const { stream, request } of onOld) {
      expect([stream, fate.get(request)]).toEqual([stream, stream === 1 ? "ended" : "ignored"]);
    }
    expect(rig.all("request.aborted", (event) => event.conn === goaway.conn)).toEqual([]);
    expect(rig.all("request.expired")).toEqual([]);
    expect(rig.all("h2.rst_stream.sent", (event) => event.conn === goaway.conn)).toEqual([]);
  });

  it("expires a request at its deadline and keeps the connection", async () => {
    await using server = await startSessionServer({ tls: false });
    let silent = true;
    server.handler = (stream) => {
      if (silent) {
        silent = false;
        return;
      }
      stream.respond({ ":status": 200 });
      stream.end("ok");
    };
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      requestTimeoutMs: 500,
      lanes: { held: { ...one, ratePerSecond: 20 } },
    });
    const stuck = await server.nextStream("/ok");
    const reset = once(stuck, "close");
    const expired = await rig.event("request.expired", (event) => event.stream === stuck.id);
    const sent = await rig.event("request.sent", (event) => event.request === expired.request);
    await reset;
    expect(stuck.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(expired.t - sent.intended).toBeGreaterThanOrEqual(500 * MS);
    expect(rig.all("h2.rst_stream.sent", (event) => event.stream === expired.stream)).toMatchObject([
      { request: expired.request, errorCode: constants.NGHTTP2_CANCEL },
    ]);
    await rig.event("h2.stream.ended", (event) => event.seq > expired.seq);
    await rig.stop();
    expect(rig.all("session.ready")).toHaveLength(1);
    expect(fates(rig.events).get(expired.request)).toBe("expired");
  });

  it("keeps the connection after RST_STREAM", async () => {
    await using server = await startSessionServer({ tls: false });
    let count = 0;
    server.handler = (stream) => {
      count += 1;
      if (count === 2) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else stream.respond({ ":status": 200 }, { endStream: true });
    };
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { held: { ...one, ratePerSecond: 50 } } });
    const reset = await rig.event("h2.rst_stream.received");
    await rig.event("h2.stream.ended", (event) => event.seq > reset.seq);
    await rig.stop();
    expect(reset).toMatchObject({ errorCode: constants.NGHTTP2_REFUSED_STREAM, request: 2 });
    expect(rig.all("session.ready")).toHaveLength(1);
  });

  it("keeps to SETTINGS_MAX_CONCURRENT_STREAMS of 1", async () => {
    await using server = await startSessionServer({ tls: false, server: { settings: { maxConcurrentStreams: 1 } } });
    server.handler = (stream) => {
      stream.respond({ ":status": 200 });
      setTimeout(() => stream.end("ok"), 15);
    };
    await using rig = new LaneRig({ paths: [server.path], engine, lanes: { held: { ...one, ratePerSecond: 200 } } });
    await rig.count("h2.stream.ended", 12);
    await rig.stop();
    let open = 0;
    for (const event of rig.events) {
      if (event.kind === "request.sent") open += 1;
      if (event.kind === "h2.stream.ended") open -= 1;
      expect(open).toBeLessThanOrEqual(1);
    }
    expect(rig.all("h2.rst_stream.received")).toEqual([]);
  });

  it("sends bodies larger than every window", async () => {
    await using server = await startSessionServer({ tls: true });
    const body = Buffer.alloc(300_000, "x");
    const received: number[] = [];
    server.handler = (stream, headers) => {
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.on("end", () => {
        // Cut off by the end of the run.
        if (stream.aborted || stream.destroyed) return;
        received.push(bytes);
        expect(headers["content-length"]).toBe(String(body.length));
        stream.respond({ ":status": 201 }, { endStream: true });
      });
    };
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      requests: [{ method: "POST", path: "/upload", body }],
      lanes: { held: { ...one, ratePerSecond: 20 } },
    });
    await rig.count("h2.stream.ended", 4);
    await rig.stop();
    expect(received.length).toBeGreaterThanOrEqual(4);
    for (const bytes of received) expect(bytes).toBe(body.length);
    expect(rig.all("h2.headers.received").every((event) => event.status === 201)).toBe(true);
  });

  it("resets a connection whose PING stays unanswered", async () => {
    await using server = await startRawH2Server({ onPeer: (peer) => peer.settings() });
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      pingIntervalMs: 50,
      pingTimeoutMs: 200,
      lanes: { idle: { sessions: 1 } },
    });
    const ready = await rig.event("session.ready");
    const expired = await rig.event("h2.ping.expired");
    await rig.event("session.ready", (event) => event.replaces === ready.conn);
    await rig.event("tcp.closed", (event) => event.conn === ready.conn);
    await rig.stop();
    expect(expired.conn).toBe(ready.conn);
    expect(expired.waitedNs).toBeGreaterThanOrEqual(200 * MS);
    expect(rig.all("tcp.close.started", (event) => event.conn === ready.conn)).toMatchObject([
      { reason: "ping.timeout", how: "rst" },
    ]);
    expect(server.peers[0]?.frames.filter((frame) => frame.type === PING).length).toBeGreaterThan(2);
  });

  it("does not call a peer silent that still sends, though it answers no PING", async () => {
    await using server = await startRawH2Server({
      onPeer: (peer) => peer.settings(),
      onFrame: (peer, frame) => {
        if (frame.type === HEADERS) peer.answer(frame.stream);
      },
    });
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      pingIntervalMs: 50,
      pingTimeoutMs: 500,
      lanes: { held: { ...one, ratePerSecond: 20 } },
    });
    await rig.event("h2.stream.ended", (event) => event.t > 1_200 * MS);
    await rig.stop();
    expect(rig.all("h2.ping.acknowledged")).toEqual([]);
    expect(rig.all("h2.ping.expired")).toEqual([]);
    expect(rig.all("session.ready")).toHaveLength(1);
  });

  it("waits for the peer's SETTINGS no longer than the connect timeout", async () => {
    await using server = await startRawH2Server({});
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      connectTimeoutMs: 150,
      lanes: { held: { ...one, ratePerSecond: 20 } },
    });
    const expired = await rig.event("tcp.connect.expired");
    const unsent = await rig.event("request.unsent");
    await rig.event("tcp.closed", (event) => event.conn === expired.conn);
    await rig.stop();
    expect(expired.during).toBe("h2");
    expect(unsent).toMatchObject({ reason: "connection", conn: expired.conn });
    expect(server.peers[0]?.frames.some((frame) => frame.type === SETTINGS)).toBe(true);
    expect(server.peers[0]?.frames.some((frame) => frame.type === HEADERS)).toBe(false);
  });

  it("calls nothing overdue that was answered while our own loop stood still", async () => {
    await using server = await startSessionServer({ tls: false });
    await using rig = new LaneRig({
      paths: [server.path],
      engine,
      pingIntervalMs: 40,
      pingTimeoutMs: 500,
      requestTimeoutMs: 1_000,
      lanes: { held: { ...one, ratePerSecond: 100 }, idle: { sessions: 1 } },
    });
    await rig.run.settled();
    // A request and a PING are under way, and the server (of this process) answers when the loop turns again.
    const before = rig.events.length;
    const until = performance.now() + 2_000;
    while (performance.now() < until);
    await rig.count("schedule.missed", 1);
    const missed = rig.all("schedule.missed");
    await rig.event("h2.stream.ended", (event) => event.seq > before);
    await rig.count("h2.ping.acknowledged", 5);
    await rig.stop();
    // Neither those in flight when the loop stood still nor those that it made late.
    expect(rig.all("request.expired")).toEqual([]);
    expect(missed[0]).toMatchObject({ reason: "overrun", lane: "held" });
    expect(missed[0]?.count).toBeGreaterThan(10);
    expect(rig.all("h2.ping.expired")).toEqual([]);
    expect(rig.all("session.ready")).toHaveLength(2);
  });
});
