import { afterEach, describe, expect, it, vi } from "vitest";
import { certificates } from "../src/certificates/certificates.js";
import { closeNotifyWithoutGoaway } from "../src/faults/close-notify-without-goaway.js";
import { dataOnStreamZero } from "../src/faults/data-on-stream-zero.js";
import { errorStatus } from "../src/faults/error-status.js";
import type { Fault } from "../src/faults/fault.js";
import { finBeforeHeaders } from "../src/faults/fin-before-headers.js";
import { finIdle } from "../src/faults/fin-idle.js";
import { finInsideTlsRecord } from "../src/faults/fin-inside-tls-record.js";
import { finMidBody } from "../src/faults/fin-mid-body.js";
import { finThenRst } from "../src/faults/fin-then-rst.js";
import { goawayThenFinMidBody } from "../src/faults/goaway-then-fin-mid-body.js";
import { goawayThenRstMidBody } from "../src/faults/goaway-then-rst-mid-body.js";
import { goawayWithError } from "../src/faults/goaway-with-error.js";
import { gracefulGoaway } from "../src/faults/graceful-goaway.js";
import { resetStream } from "../src/faults/reset-stream.js";
import { rstAfterFin } from "../src/faults/rst-after-fin.js";
import { rstIdle } from "../src/faults/rst-idle.js";
import { rstInFlight } from "../src/faults/rst-in-flight.js";
import { rstRightAfterData } from "../src/faults/rst-right-after-data.js";
import { shortContent } from "../src/faults/short-content.js";
import { streamsAboveLastIgnored } from "../src/faults/streams-above-last-ignored.js";
import { twoStepGoaway } from "../src/faults/two-step-goaway.js";
import { unfinishedStream } from "../src/faults/unfinished-stream.js";
import { watchCut } from "../src/faults/watch-cut.js";
import { watchEnded } from "../src/faults/watch-ended.js";
import { FRAME } from "../src/h2/frame.js";
import { HeaderDecoder } from "../src/h2/hpack.js";
import { type RawServer, startRawServer } from "../src/server/raw-server.js";
import { BareClient, type End } from "./bare-client.js";

interface Case {
  readonly name: string;
  readonly fault: () => Fault;
  /** Requests to open before the fault; 0: one PING instead. */
  readonly requests: number;
  readonly end: End;
  readonly closeNotify: boolean;
  readonly goaways?: { last: number; code: number; debug: string }[];
  /** Streams answered to their END_STREAM. */
  readonly complete?: number[];
  /** Streams with HEADERS. */
  readonly begun?: number[];
}

const none = { goaways: [], complete: [], begun: [] };
const all = [1, 3, 5];
const goaway = (last: number, code = 0, debug = "") => ({ last, code, debug });

const CASES: readonly Case[] = [
  {
    name: "graceful-goaway",
    fault: gracefulGoaway,
    requests: 3,
    end: "fin",
    closeNotify: true,
    goaways: [goaway(5)],
    complete: all,
    begun: all,
  },
  {
    name: "two-step-goaway",
    fault: twoStepGoaway,
    requests: 3,
    end: "fin",
    closeNotify: true,
    goaways: [goaway(2 ** 31 - 1), goaway(5)],
    complete: all,
    begun: all,
  },
  {
    name: "goaway-then-fin-mid-body",
    fault: goawayThenFinMidBody,
    requests: 3,
    end: "fin",
    closeNotify: false,
    goaways: [goaway(5)],
    complete: [],
    begun: all,
  },
  {
    name: "goaway-then-rst-mid-body",
    fault: goawayThenRstMidBody,
    requests: 3,
    end: "rst",
    closeNotify: false,
    goaways: [goaway(5)],
    complete: [],
    begun: all,
  },
  {
    name: "goaway-with-error",
    fault: goawayWithError,
    requests: 3,
    end: "fin",
    closeNotify: true,
    goaways: [goaway(1, 11, "too_many_pings")],
    complete: [1],
    begun: [1],
  },
  {
    name: "streams-above-last-ignored",
    fault: streamsAboveLastIgnored,
    requests: 3,
    end: "fin",
    closeNotify: true,
    goaways: [goaway(1)],
    complete: [1],
    begun: [1],
  },
  { name: "fin-idle", fault: finIdle, requests: 0, end: "fin", closeNotify: false, ...none },
  { name: "fin-before-headers", fault: finBeforeHeaders, requests: 3, end: "fin", closeNotify: false, ...none },
  { name: "fin-mid-body", fault: finMidBody, requests: 3, end: "fin", closeNotify: false, ...none, begun: all },
  {
    name: "fin-inside-tls-record",
    fault: finInsideTlsRecord,
    requests: 3,
    end: "fin",
    closeNotify: false,
    ...none,
    begun: all,
  },
  {
    name: "close-notify-without-goaway",
    fault: closeNotifyWithoutGoaway,
    requests: 3,
    end: "fin",
    closeNotify: true,
    ...none,
  },
  { name: "fin-then-rst", fault: finThenRst, requests: 3, end: "fin+rst", closeNotify: false, ...none },
  { name: "rst-after-fin", fault: rstAfterFin, requests: 0, end: "fin", closeNotify: false, ...none },
  { name: "rst-idle", fault: rstIdle, requests: 0, end: "rst", closeNotify: false, ...none },
  { name: "rst-in-flight", fault: rstInFlight, requests: 3, end: "rst", closeNotify: false, ...none },
  {
    name: "rst-right-after-data",
    fault: rstRightAfterData,
    requests: 3,
    end: "rst",
    closeNotify: false,
    ...none,
    begun: all,
  },
  { name: "watch-cut", fault: watchCut, requests: 1, end: "fin", closeNotify: false, ...none, begun: [1] },
];

let server: RawServer | undefined;
let client: BareClient | undefined;
afterEach(async () => {
  client?.destroy();
  await server?.close();
});

async function start(fault: Fault | undefined, tls: boolean): Promise<{ server: RawServer; client: BareClient }> {
  const made = await certificates();
  server = await startRawServer({ identity: tls ? made.good : null, ...(fault === undefined ? {} : { fault }) });
  client = new BareClient({ port: server.port, ...(tls ? { ca: made.ca } : {}) });
  await client.ready;
  return { server, client };
}

/** The second one when the first was answered or the connection ended: nothing else is under way then. */
async function pingTwice(client: BareClient): Promise<void> {
  client.ping();
  await Promise.race([client.seen((frames) => frames.some((f) => f.type === FRAME.PING)), client.ended]);
  if (client.raw.writable) client.ping();
}

describe("faults that end the connection do on the wire what they say", () => {
  for (const tls of [true, false]) {
    for (const c of CASES) {
      if (!tls && c.fault === finInsideTlsRecord) continue;
      it(`${c.name}, ${tls ? "TLS" : "cleartext"}`, async () => {
        const { client } = await start(c.fault(), tls);
        if (c.requests === 0) await pingTwice(client);
        for (let i = 0; i < c.requests; i++) client.get();
        expect(await client.ended).toBe(c.end);
        expect(client.closeNotify).toBe(tls && c.closeNotify);
        expect(client.goaways()).toEqual(c.goaways ?? []);
        expect(client.complete()).toEqual(c.complete ?? []);
        expect(client.of(FRAME.HEADERS).map((f) => f.stream)).toEqual(c.begun ?? []);
      });
    }
  }

  it("fin-then-rst leaves EPIPE in the client's kernel, 20 times of 20", async () => {
    for (let i = 0; i < 20; i++) {
      const { server, client } = await start(finThenRst({ streams: 1 }), true);
      client.get();
      expect(await client.ended).toBe("fin+rst");
      await server.close();
    }
  });

  it("fin-inside-tls-record cuts the last record in its middle", async () => {
    const { client } = await start(finInsideTlsRecord(), true);
    for (let i = 0; i < 3; i++) client.get();
    await client.ended;
    const bytes = Buffer.concat(client.ciphertext);
    let at = 0;
    while (at + 5 <= bytes.length && at + 5 + bytes.readUInt16BE(at + 3) <= bytes.length)
      at += 5 + bytes.readUInt16BE(at + 3);
    const cut = bytes.subarray(at);
    expect(cut.readUInt8(0)).toBe(23);
    expect(cut.length).toBeGreaterThan(500);
    expect(cut.length).toBeLessThan(5 + cut.readUInt16BE(3));
  });

  it("rst-after-fin: FIN alone at first, RST only when the client goes on writing", async () => {
    const made = await certificates();
    server = await startRawServer({ identity: made.good, fault: rstAfterFin() });
    client = new BareClient({ port: server.port, ca: made.ca, stayOpen: true });
    await client.ready;
    await pingTwice(client);
    expect(await client.ended).toBe("fin");
    const { raw } = client;
    const failed = new Promise<string | undefined>((resolve) => {
      const write = () =>
        raw.write("more", (error) => (error ? resolve((error as NodeJS.ErrnoException).code) : write()));
      write();
    });
    expect(await failed).toBe("EPIPE");
  });
});

describe("faults of one request leave the connection at work", () => {
  const cases: { name: string; fault: () => Fault; second: (client: BareClient) => void }[] = [
    {
      name: "reset-stream",
      fault: () => resetStream(7),
      second: (c) => expect(c.of(FRAME.RST_STREAM).map((f) => [f.stream, f.payload.readUInt32BE(0)])).toEqual([[3, 7]]),
    },
    {
      name: "error-status",
      fault: () => errorStatus(429, "5"),
      second: (c) => {
        const headers = new Map(
          new HeaderDecoder().decode(c.of(FRAME.HEADERS).find((f) => f.stream === 3)?.payload ?? Buffer.alloc(0)),
        );
        expect(headers.get(":status")).toBe("429");
        expect(headers.get("retry-after")).toBe("5");
        expect(c.complete()).toContain(3);
      },
    },
    {
      name: "short-content",
      fault: () => shortContent(),
      second: (c) => {
        expect(
          c
            .of(FRAME.DATA)
            .filter((f) => f.stream === 3)
            .reduce((sum, f) => sum + f.payload.length, 0),
        ).toBe(50);
        expect(c.complete()).toContain(3);
      },
    },
    {
      name: "unfinished-stream",
      fault: () => unfinishedStream(),
      second: (c) => expect(c.complete()).not.toContain(3),
    },
  ];
  for (const c of cases) {
    it(c.name, async () => {
      const { client, server } = await start(c.fault(), true);
      for (let i = 0; i < 3; i++) client.get();
      await client.seen(() => [1, 5].every((stream) => client.complete().includes(stream)));
      c.second(client);
      const later = client.get();
      await client.seen(() => client.complete().includes(later));
      expect(server.firedOn).toHaveLength(1);
    });
  }

  it("watch-ended: one event, END_STREAM, and the connection serves on", async () => {
    const { client } = await start(watchEnded(), true);
    client.get();
    await client.seen(() => client.complete().includes(1));
    expect(client.of(FRAME.DATA)[0]?.payload.toString()).toBe('{"type":"ADDED"}\n');
    client.get();
    await client.seen(() => client.complete().includes(3));
  });

  it("data-on-stream-zero sends exactly that", async () => {
    const { client } = await start(dataOnStreamZero(), true);
    client.ping();
    await client.seen((frames) => frames.some((f) => f.type === FRAME.DATA && f.stream === 0));
  });
});

describe("the fault befalls the first connection only", () => {
  it("the second one is healthy", async () => {
    const { client: first, server } = await start(rstInFlight(), true);
    for (let i = 0; i < 3; i++) first.get();
    await first.ended;
    const made = await certificates();
    client = new BareClient({ port: server.port, ca: made.ca });
    await client.ready;
    for (let i = 0; i < 3; i++) client.get();
    await client.seen(() => client?.complete().length === 3);
    expect(server.firedOn.map((c) => c.index)).toEqual([0]);
  });

  it("close() leaves no socket", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((r) => /^(TCP|TLS)/.test(r)).length;
    await vi.waitFor(() => expect(sockets()).toBe(0));
    const { server, client } = await start(undefined, true);
    expect(sockets()).toBeGreaterThan(0);
    await server.close();
    await client.ended;
    client.destroy();
    await vi.waitFor(() => expect(sockets()).toBe(0));
    expect(server.connections.every((c) => c.closed)).toBe(true);
  });
});
