import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { EventKind } from "../src/events/index.js";
import { type Heard, open, seeded } from "./witness-client.js";
import { type Peer, startServer, type TestServer } from "./witness-server.js";

const TRIALS = Number(process.env.TRIALS ?? 40);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`SEED=${seed} TRIALS=${TRIALS} ${process.version}`);

const OPENING: Record<"plain" | "tls", readonly EventKind[]> = {
  plain: ["tcp.connect.started", "tcp.connect.complete"],
  tls: ["tcp.connect.started", "tcp.connect.complete", "tls.handshake.started", "tls.handshake.complete"],
};

interface Trial {
  readonly peer: Peer;
  readonly heard: Heard;
  readonly data: Uint8Array;
  readonly random: () => number;
}

/** Opens a connection `TRIALS` times, lets `act` end it, and gives `check` what was recorded after the opening. */
async function trials(
  tls: boolean,
  act: (trial: Trial) => unknown,
  check: (kinds: readonly EventKind[], trial: Trial) => void,
  maxBytes = 12_000,
): Promise<void> {
  const random = seeded(seed);
  await using server: TestServer = await startServer({ tls });
  for (let n = 0; n < TRIALS; n++) {
    const heard = await open(server.port, { tls });
    const peer = await server.nextPeer();
    await heard.ready;
    const trial: Trial = { peer, heard, data: randomBytes(1 + Math.floor(random() * maxBytes)), random };
    await act(trial);
    await heard.closed;
    const opening = OPENING[tls ? "tls" : "plain"];
    expect(heard.kinds().slice(0, opening.length)).toEqual(opening);
    expect(heard.kinds().filter((kind) => kind === "tcp.closed")).toHaveLength(1);
    expect(heard.calls.slice(-2)).toEqual(["ended", "closed"]);
    expect(heard.calls.filter((call) => call === "ended" || call === "closed")).toHaveLength(2);
    for (let i = 1; i < heard.events.length; i++) {
      expect(heard.events[i]?.t).toBeGreaterThanOrEqual(heard.events[i - 1]?.t ?? 0);
    }
    check(heard.kinds().slice(opening.length), trial);
  }
}

/** The kernel has taken the bytes; on loopback the other side's kernel has them. */
const sent = (peer: Peer, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve) => peer.plain.write(bytes, () => resolve()));

const FIN: EventKind[] = ["tcp.fin.received", "tcp.close.started", "tcp.closed"];
const RST: EventKind[] = ["tcp.rst.received", "tcp.closed"];

for (const tls of [false, true]) {
  describe(`${tls ? "TLS" : "plain TCP"}: ${TRIALS} trials each`, () => {
    it("FIN while idle", () =>
      trials(
        tls,
        ({ peer }) => {
          peer.raw.end();
        },
        (kinds, { heard }) => {
          expect(kinds).toEqual(FIN);
          expect(heard.one("tcp.close.started")).toMatchObject({ reason: "peer.ended", how: "fin" });
        },
      ));

    it("data, then FIN at once", () =>
      trials(
        tls,
        async ({ peer, data }) => {
          await sent(peer, data);
          peer.raw.end();
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(FIN);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.one("tcp.fin.received").bytesRead).toBe(heard.one("tcp.closed").bytesRead);
        },
      ));

    it("much data, then FIN at once", () =>
      trials(
        tls,
        async ({ peer, data }) => {
          await sent(peer, data);
          peer.raw.end();
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(FIN);
          expect(heard.received().equals(data)).toBe(true);
        },
        3_000_000,
      ));

    it("RST while idle", () =>
      trials(
        tls,
        ({ peer }) => {
          peer.raw.resetAndDestroy();
        },
        (kinds, { heard }) => {
          expect(kinds).toEqual(RST);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
        },
      ));

    it("data, then RST at once", () =>
      trials(
        tls,
        async ({ peer, data }) => {
          await sent(peer, data);
          peer.raw.resetAndDestroy();
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(RST);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.calls).toEqual(["ready", "bytes", "ended", "closed"]);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
        },
      ));

    it("RST because the peer closed with bytes of ours unread", () =>
      trials(
        tls,
        async ({ peer, heard, data }) => {
          peer.raw.pause();
          await sent(peer, data);
          // On loopback the bytes are with the peer's kernel when write returns; its loop has no turn to read them.
          heard.conn.write(randomBytes(64));
          peer.raw.destroy();
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(RST);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
        },
      ));

    it("data, FIN and RST, all there before we look", () =>
      trials(
        tls,
        async ({ peer, data }) => {
          await sent(peer, data);
          await new Promise<void>((resolve) => {
            peer.raw.end(() => {
              peer.raw.resetAndDestroy();
              resolve();
            });
          });
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(["tcp.fin.received", "tcp.rst.received", "tcp.closed"]);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "EPIPE", seenBy: "peername", afterFin: true });
          expect(heard.one("tcp.rst.received").t).toBe(heard.one("tcp.fin.received").t);
        },
      ));

    it("data, FIN and RST, and our write meets them first", () =>
      trials(
        tls,
        async ({ peer, heard, data }) => {
          await sent(peer, data);
          await new Promise<void>((resolve) => {
            peer.raw.end(() => {
              peer.raw.resetAndDestroy();
              heard.conn.write(randomBytes(100));
              resolve();
            });
          });
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(["tcp.write.failed", "tcp.closed"]);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.one("tcp.write.failed")).toMatchObject({ code: "EPIPE", syscall: "write" });
        },
      ));

    it("data and RST, and our write meets it first", () =>
      trials(
        tls,
        async ({ peer, heard, data }) => {
          await sent(peer, data.subarray(0, 1));
          await new Promise<void>((resolve) => {
            // In one turn of the loop: nothing of this is polled before our write.
            setImmediate(() => {
              peer.plain.write(data.subarray(1), () => {
                peer.raw.resetAndDestroy();
                heard.conn.write(randomBytes(100));
                resolve();
              });
            });
          });
        },
        (kinds, { heard, data }) => {
          expect(kinds).toEqual(RST);
          expect(heard.received().equals(data)).toBe(true);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", seenBy: "write", afterFin: false });
        },
      ));

    it("RST, and our close meets it first", () =>
      trials(
        tls,
        ({ peer, heard }) => {
          peer.raw.resetAndDestroy();
          heard.conn.close("run.ended");
        },
        (kinds, { heard }) => {
          expect(kinds).toEqual(["tcp.close.started", "tcp.rst.received", "tcp.closed"]);
          expect(heard.one("tcp.close.started")).toMatchObject({ reason: "run.ended", how: "fin" });
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
        },
      ));

    it("we close, the peer answers with FIN", () =>
      trials(
        tls,
        async ({ peer, heard }) => {
          heard.conn.close("lane.complete");
          await once(peer.raw, "end");
          peer.raw.end();
        },
        (kinds, { heard }) => {
          expect(kinds).toEqual(["tcp.close.started", "tcp.fin.received", "tcp.closed"]);
          expect(heard.one("tcp.close.started")).toMatchObject({ reason: "lane.complete", how: "fin" });
        },
      ));

    it("we close, the peer answers with RST, with or without bytes before it", () =>
      trials(
        tls,
        async ({ peer, heard, data, random }) => {
          heard.conn.close("lane.complete");
          await once(peer.raw, "end");
          if (random() < 0.5) peer.raw.resetAndDestroy();
          else peer.raw.write(data, () => peer.raw.resetAndDestroy());
        },
        (kinds, { heard }) => {
          expect(kinds.filter((kind) => !kind.startsWith("tls."))).toEqual([
            "tcp.close.started",
            "tcp.rst.received",
            "tcp.closed",
          ]);
          expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
        },
      ));

    it("we reset", () =>
      trials(
        tls,
        async ({ peer, heard }) => {
          const reset = once(peer.raw, "error");
          heard.conn.destroy("ping.timeout");
          expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
        },
        (kinds, { heard }) => {
          expect(kinds).toEqual(["tcp.close.started", "tcp.closed"]);
          expect(heard.one("tcp.close.started")).toMatchObject({ reason: "ping.timeout", how: "rst" });
        },
      ));
  });
}

describe(`TLS only: ${TRIALS} trials each`, () => {
  it("FIN inside a record", () =>
    trials(
      true,
      async ({ peer, data, random }) => {
        peer.cutAfter(1 + Math.floor(random() * data.length));
        await sent(peer, data);
        peer.raw.end();
      },
      (kinds, { heard }) => {
        expect(kinds).toEqual(["tls.record.truncated", ...FIN]);
        const { contentType, expectedBytes, receivedBytes } = heard.one("tls.record.truncated");
        expect(receivedBytes).toBeLessThan(expectedBytes ?? 5);
        expect(contentType).toBe(expectedBytes === null ? null : 23);
        expect(heard.received()).toHaveLength(0);
      },
    ));

  it("RST inside a record", () =>
    trials(
      true,
      async ({ peer, data, random }) => {
        peer.cutAfter(1 + Math.floor(random() * data.length));
        await sent(peer, data);
        peer.raw.resetAndDestroy();
      },
      (kinds) => expect(kinds).toEqual(["tls.record.truncated", ...RST]),
    ));

  it("close_notify, then FIN at once", () =>
    trials(
      true,
      ({ peer }) => {
        peer.plain.end();
      },
      (kinds, { heard }) => {
        expect(kinds).toEqual(["tls.close_notify.received", ...FIN]);
        expect(heard.one("tcp.close.started").reason).toBe("peer.ended");
      },
    ));

  it("data, close_notify and FIN in one go", () =>
    trials(
      true,
      ({ peer, data }) => {
        peer.raw.cork();
        peer.plain.end(data);
        peer.raw.uncork();
      },
      (kinds, { heard, data }) => {
        expect(kinds).toEqual(["tls.close_notify.received", ...FIN]);
        expect(heard.received().equals(data)).toBe(true);
      },
    ));

  it("close_notify, then RST", () =>
    trials(
      true,
      async ({ peer, heard }) => {
        peer.holdFin();
        peer.plain.end();
        await heard.ended;
        peer.raw.resetAndDestroy();
      },
      (kinds, { heard }) => {
        expect(kinds).toEqual(["tls.close_notify.received", ...RST]);
        expect(heard.one("tcp.rst.received").afterFin).toBe(false);
      },
    ));

  it("we close first, the peer says close_notify and FIN", () =>
    trials(
      true,
      async ({ peer, heard }) => {
        heard.conn.close("lane.complete");
        await once(peer.plain, "end");
        peer.plain.end();
      },
      (kinds) => {
        expect(kinds).toEqual(["tcp.close.started", "tls.close_notify.received", "tcp.fin.received", "tcp.closed"]);
      },
    ));
});

describe("a peer that leaves its end open", () => {
  for (const tls of [false, true]) {
    it(`is reset after the close timeout (${tls ? "TLS" : "plain"})`, async () => {
      await using server = await startServer({ tls });
      const heard = await open(server.port, { tls });
      const peer = await server.nextPeer();
      peer.holdFin();
      await heard.ready;
      heard.conn.close("run.ended");
      await heard.closed;
      const closes = heard.events.filter((event) => event.kind === "tcp.close.started");
      expect(closes).toMatchObject([
        { reason: "run.ended", how: "fin" },
        { reason: "run.ended", how: "rst" },
      ]);
      expect((closes[1]?.t ?? 0) - (closes[0]?.t ?? 0)).toBeGreaterThan(950_000_000);
    });
  }

  it("after its close_notify is closed by us after the close timeout, and only then", async () => {
    await using server = await startServer({ tls: true });
    const heard = await open(server.port, { tls: true });
    const peer = await server.nextPeer();
    await heard.ready;
    peer.holdFin();
    peer.plain.end();
    await heard.closed;
    const waited =
      (heard.events.find((e) => e.kind === "tcp.close.started")?.t ?? 0) - heard.one("tls.close_notify.received").t;
    expect(waited).toBeGreaterThan(950_000_000);
    expect(heard.events.filter((event) => event.kind === "tcp.close.started")).toMatchObject([
      { reason: "peer.ended", how: "fin" },
      { reason: "peer.ended", how: "rst" },
    ]);
  });
});
