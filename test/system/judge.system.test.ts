import { connect, createServer, type Server, type Socket } from "node:net";
import type { ConnectionVerdict, ProbeEvent, RunHeader } from "@drainprobe/core";
import { afterEach, describe, expect, it } from "vitest";
import { type PacketStory, packetStories, type Side } from "../../bench/src/packets/packet-story.js";
import { startCapture } from "./support/capture.js";
import { judge } from "./support/judge.js";
import { reservePort } from "./support/ports.js";
import type { RunLog } from "./support/run-log.js";

/** The judge is judged first: endings made on purpose by plain sockets, read back from the packets. */
describe("the packets tell", () => {
  let server: Server | null = null;
  afterEach(() => server?.close());

  async function play(
    serve: (socket: Socket) => void,
    use: (socket: Socket) => void = () => {},
  ): Promise<PacketStory[]> {
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    const port = await reservePort();
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    await using capture = await startCapture(port);
    await new Promise<void>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.once("connect", () => use(socket));
      socket.once("end", () => socket.end());
      socket.on("error", () => {});
      socket.resume();
      socket.once("close", () => resolve());
    });
    return packetStories(await capture.finish(), port);
  }

  const endsOf = (stories: PacketStory[]): string[][] =>
    stories.map((story) => story.ends.map((end) => `${end.flag} ${end.from}`));

  it("a FIN by the server, answered", async () => {
    const stories = await play((socket) => socket.end("bye"));
    expect(endsOf(stories)).toEqual([["FIN server", "FIN client"]]);
    expect(stories[0]).toMatchObject({ bytesFromServer: 3, bytesFromClient: 0 });
  });

  it("a RST by the server", async () => {
    expect(endsOf(await play((socket) => socket.resetAndDestroy()))).toEqual([["RST server"]]);
  });

  it("a FIN by the client, answered", async () => {
    const stories = await play(
      (socket) => socket.resume().once("end", () => socket.end()),
      (socket) => socket.end("question"),
    );
    expect(endsOf(stories)).toEqual([["FIN client", "FIN server"]]);
    expect(stories[0]).toMatchObject({ bytesFromServer: 0, bytesFromClient: 8 });
  });

  it("a RST by the client", async () => {
    const stories = await play(
      () => {},
      (socket) => socket.resetAndDestroy(),
    );
    expect(endsOf(stories)).toEqual([["RST client"]]);
  });

  it("a refused connect", async () => {
    const port = await reservePort();
    await using capture = await startCapture(port);
    await new Promise<void>((resolve) => {
      connect(port, "127.0.0.1").once("error", () => resolve());
    });
    const stories = packetStories(await capture.finish(), port);
    expect(endsOf(stories)).toEqual([["RST server"]]);
    expect(stories[0]?.synAckAt).toBeNull();
  });
});

/** And the judge must be able to say no. */
describe("the judge", () => {
  const client = "127.0.0.1:40000";
  const epoch = 1_700_000_000_000_000_000n;
  const ms = 1_000_000;

  function story(...ends: [Side, "FIN" | "RST", number][]): PacketStory {
    return {
      client,
      synAt: epoch + BigInt(1 * ms),
      synAckAt: epoch + BigInt(2 * ms),
      ends: ends.map(([from, flag, at]) => ({ from, flag, wallNs: epoch + BigInt(at) })),
      bytesFromClient: 100,
      bytesFromServer: 100,
      lastBytesFromServer: 100,
    };
  }

  function log(
    close: ConnectionVerdict["close"],
    type: ConnectionVerdict["type"],
    end: "tcp.fin.received" | "tcp.rst.received" | "tcp.close.started",
  ): RunLog {
    const stamp = (seq: number, t: number): { seq: number; t: number; u: number } => ({ seq, t, u: 0.5 * ms });
    const base = { conn: 1, path: "direct", lane: "held" } as const;
    const events = [
      { kind: "tcp.connect.started", ...base, remote: "127.0.0.1:1", intended: null, ...stamp(1, 1 * ms) },
      { kind: "tcp.connect.complete", conn: 1, local: client, remote: "127.0.0.1:1", ...stamp(2, 2.1 * ms) },
      end === "tcp.fin.received"
        ? { kind: end, conn: 1, bytesRead: 100, ...stamp(3, 10.2 * ms) }
        : end === "tcp.rst.received"
          ? {
              kind: end,
              conn: 1,
              bytesRead: 100,
              code: "ECONNRESET",
              seenBy: "read",
              afterFin: false,
              ...stamp(3, 10.2 * ms),
            }
          : { kind: end, conn: 1, reason: "run.ended", how: "fin", ...stamp(3, 10.2 * ms) },
    ] as ProbeEvent[];
    const verdict = {
      ...{ kind: "verdict", scope: "connection", ...base, local: client, remote: "127.0.0.1:1", close, type },
      ...{ closeNotify: false, goaways: [], requestsInFlight: 0, evidence: [3], t: 10.2 * ms, u: 0 },
    } as ConnectionVerdict;
    const wall = `${new Date(Number(epoch / 1_000_000n)).toISOString().slice(0, 19)}.000000000Z`;
    return {
      header: { reference: { wall, wallErrorNs: 1000 } } as RunHeader,
      footer: {} as RunLog["footer"],
      events,
      connections: [verdict],
      requests: [],
      eventsOf: (conn) => events.filter((event) => "conn" in event && event.conn === conn),
    };
  }

  it.each([
    ["abrupt", "tcp.closed", "tcp.fin.received", [["server", "FIN", 10 * ms]], true],
    ["abrupt", "tcp.closed", "tcp.fin.received", [["server", "RST", 10 * ms]], false],
    [
      "abrupt",
      "tcp.closed",
      "tcp.fin.received",
      [
        ["client", "FIN", 9 * ms],
        ["server", "FIN", 10 * ms],
      ],
      false,
    ],
    [
      "abrupt",
      "tcp.broken_pipe",
      "tcp.fin.received",
      [
        ["server", "FIN", 10 * ms],
        ["server", "RST", 11 * ms],
      ],
      true,
    ],
    ["abrupt", "tcp.broken_pipe", "tcp.fin.received", [["server", "FIN", 10 * ms]], false],
    ["reset", "tcp.reset", "tcp.rst.received", [["server", "RST", 10 * ms]], true],
    ["reset", "tcp.reset", "tcp.rst.received", [["server", "FIN", 10 * ms]], false],
    ["graceful", null, "tcp.fin.received", [["server", "RST", 10 * ms]], false],
    ["broken-promise", "tcp.reset", "tcp.rst.received", [["server", "RST", 10 * ms]], true],
    [
      "alive",
      null,
      "tcp.close.started",
      [
        ["client", "FIN", 10.3 * ms],
        ["server", "FIN", 11 * ms],
      ],
      true,
    ],
    ["alive", null, "tcp.close.started", [["server", "FIN", 5 * ms]], false],
    // Inside the half millisecond of `u`: the server's FIN was there and could not have been seen yet.
    ["alive", null, "tcp.close.started", [["server", "FIN", 10 * ms]], true],
    ["alive", null, "tcp.close.started", [], false],
  ] as const)("%s %s by %s beside %j: %s", (close, type, end, ends, agrees) => {
    const judged = judge(log(close, type, end), [story(...(ends as unknown as [Side, "FIN" | "RST", number][]))]);
    expect(judged.disagreements.length === 0, judged.disagreements.join()).toBe(agrees);
  });

  it("knows a close_notify by the size of its segment", () => {
    const told = log("abrupt", "tcp.closed", "tcp.fin.received");
    const protocol = { kind: "tls.handshake.complete", conn: 1, protocol: "TLSv1.3" } as ProbeEvent;
    const overTls: RunLog = { ...told, eventsOf: (conn) => [protocol, ...told.eventsOf(conn)] };
    const seen = story(["server", "FIN", 10 * ms]);
    expect(judge(overTls, [seen]).disagreements).toEqual([]);
    expect(judge(overTls, [{ ...seen, lastBytesFromServer: 24 }]).disagreements).toHaveLength(1);
  });

  it("misses a connection on either side", () => {
    const told = log("abrupt", "tcp.closed", "tcp.fin.received");
    expect(judge(told, []).disagreements).toHaveLength(1);
    const seen = story(["server", "FIN", 10 * ms]);
    expect(judge(told, [seen, { ...seen, client: "127.0.0.1:40001" }]).disagreements).toHaveLength(1);
  });

  it("measures how late an event is", () => {
    const { times } = judge(log("abrupt", "tcp.closed", "tcp.fin.received"), [story(["server", "FIN", 10 * ms])]);
    expect(times.map((sample) => [sample.kind, sample.lateNs])).toEqual([
      ["tcp.connect.complete", 0.1 * ms],
      ["tcp.fin.received", 0.2 * ms],
    ]);
  });
});
