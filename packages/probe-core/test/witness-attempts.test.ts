import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import { roundRobinResolver } from "../src/io/resolver.js";
import { blockedListener } from "./witness-blocked-listener.js";
import { open } from "./witness-client.js";
import { closedPort, startServer } from "./witness-server.js";

const MS = 1_000_000;
const TRIALS = 40;

describe("an attempt that fails in TCP", () => {
  for (const tls of [false, true]) {
    it(`refused (${tls ? "TLS" : "plain"})`, async () => {
      const port = await closedPort();
      for (let n = 0; n < TRIALS; n++) {
        const heard = await open(port, { tls });
        await heard.closed;
        expect(heard.kinds()).toEqual(["tcp.connect.started", "tcp.connect.failed"]);
        expect(heard.one("tcp.connect.failed")).toMatchObject({ code: "ECONNREFUSED", syscall: "connect" });
        expect(heard.calls).toEqual(["ended", "closed"]);
      }
    });
  }

  it("unreachable: a limited broadcast address takes no TCP", async () => {
    const heard = await open(443, { tls: true, host: "255.255.255.255" });
    await heard.closed;
    expect(heard.kinds()).toEqual(["tcp.connect.started", "tcp.connect.failed"]);
    expect(heard.one("tcp.connect.started").remote).toBe("255.255.255.255:443");
    expect(heard.one("tcp.connect.failed").code).toMatch(/^(ENETUNREACH|EACCES)$/);
  });

  it("expires while the backlog is full", async () => {
    await using listener = await blockedListener();
    await listener.fillBacklog();
    const heard = await open(listener.port, { tls: true, connectTimeoutNs: 200 * MS });
    await heard.closed;
    expect(heard.kinds()).toEqual(["tcp.connect.started", "tcp.connect.expired", "tcp.close.started", "tcp.closed"]);
    expect(heard.one("tcp.connect.expired")).toMatchObject({ during: "tcp", timeoutNs: 200 * MS });
    expect(heard.one("tcp.close.started").reason).toBe("connect.timeout");
    expect(heard.calls).toEqual(["ended", "closed"]);
    const waited = heard.one("tcp.connect.expired").t - heard.one("tcp.connect.started").t;
    expect(waited).toBeGreaterThan(195 * MS);
  });

  for (const tls of [false, true]) {
    it(`RST while it waits in the accept backlog (${tls ? "TLS" : "plain"})`, async () => {
      await using listener = await blockedListener();
      const heard = await open(listener.port, { tls, until: "tls" });
      while (!heard.kinds().includes("tcp.connect.complete")) await new Promise((resolve) => setImmediate(resolve));
      await listener.closeListener();
      await heard.closed;
      const rest = ["tcp.rst.received", "tcp.closed"];
      const opening = ["tcp.connect.started", "tcp.connect.complete", ...(tls ? ["tls.handshake.started"] : [])];
      expect(heard.kinds()).toEqual([...opening, ...rest]);
      expect(heard.one("tcp.rst.received")).toMatchObject({ code: "ECONNRESET", afterFin: false });
    });
  }

  it("is called off while connecting", async () => {
    await using listener = await blockedListener();
    await listener.fillBacklog();
    const heard = await open(listener.port, { tls: true });
    heard.conn.close("run.ended");
    heard.conn.destroy("aborted");
    await heard.closed;
    expect(heard.kinds()).toEqual(["tcp.connect.started", "tcp.close.started", "tcp.closed"]);
    expect(heard.calls).toEqual(["ended", "closed"]);
  });
});

describe("an attempt that fails in name resolution", () => {
  it("records what the resolver said", async () => {
    const refusal = Object.assign(new Error("getaddrinfo ENOTFOUND"), {
      code: "ENOTFOUND",
      syscall: "getaddrinfo",
      errno: -3008,
    });
    const heard = await open(443, { tls: true, host: "nowhere.invalid", resolve: () => Promise.reject(refusal) });
    await heard.closed;
    expect(heard.kinds()).toEqual(["dns.resolve.failed"]);
    expect(heard.one("dns.resolve.failed")).toMatchObject({
      host: "nowhere.invalid",
      code: "ENOTFOUND",
      errno: -3008,
      path: "test",
      lane: "held",
    });
    expect(heard.calls).toEqual(["ended", "closed"]);
  });

  it("expires", async () => {
    const heard = await open(443, {
      tls: true,
      host: "slow.invalid",
      resolve: () => new Promise(() => {}),
      connectTimeoutNs: 50 * MS,
    });
    await heard.closed;
    expect(heard.kinds()).toEqual(["dns.resolve.failed"]);
    expect(heard.one("dns.resolve.failed").code).toBe("ETIMEOUT");
  });

  it("is called off: no socket, no fact", async () => {
    const heard = await open(443, { tls: true, host: "slow.invalid", resolve: () => new Promise(() => {}) });
    heard.conn.close("run.ended");
    expect(heard.calls).toEqual([]);
    await heard.closed;
    expect(heard.kinds()).toEqual([]);
    expect(heard.calls).toEqual(["ended", "closed"]);
  });

  it("takes a name's addresses in turn", async () => {
    await using server = await startServer({ tls: false });
    const resolve = roundRobinResolver(async () => [
      { address: "127.0.0.1", family: 4 },
      { address: "127.0.0.2", family: 4 },
    ]);
    const remotes: (string | null)[] = [];
    for (let n = 0; n < 3; n++) {
      const heard = await open(server.port, { tls: false, host: "two.invalid", resolve });
      await Promise.race([heard.ready, heard.closed]);
      remotes.push(heard.conn.remote);
      heard.conn.destroy("lane.complete");
      await heard.closed;
    }
    const { port } = server;
    expect(remotes).toEqual([`127.0.0.1:${port}`, `127.0.0.2:${port}`, `127.0.0.1:${port}`]);
  });
});

describe("an attempt that fails in TLS", () => {
  const STARTED = ["tcp.connect.started", "tcp.connect.complete", "tls.handshake.started"];
  const onHello = (act: (raw: Socket) => void) => ({
    tls: true,
    onRaw: (raw: Socket) => raw.once("data", () => act(raw)),
  });

  it(`RST during the handshake, ${TRIALS} trials`, async () => {
    await using server = await startServer(onHello((raw) => raw.resetAndDestroy()));
    for (let n = 0; n < TRIALS; n++) {
      const heard = await open(server.port, { tls: true });
      await heard.closed;
      expect(heard.kinds()).toEqual([...STARTED, "tcp.rst.received", "tcp.closed"]);
      expect(heard.calls).toEqual(["ended", "closed"]);
    }
  });

  it(`FIN during the handshake, ${TRIALS} trials`, async () => {
    await using server = await startServer(onHello((raw) => raw.end()));
    for (let n = 0; n < TRIALS; n++) {
      const heard = await open(server.port, { tls: true });
      await heard.closed;
      expect(heard.kinds()).toEqual([...STARTED, "tcp.fin.received", "tcp.close.started", "tcp.closed"]);
    }
  });

  it(`FIN inside a handshake record, ${TRIALS} trials`, async () => {
    const half = Buffer.concat([Buffer.from([22, 3, 3, 0, 90, 2, 0, 0, 86]), randomBytes(20)]);
    await using server = await startServer(onHello((raw) => raw.end(half)));
    for (let n = 0; n < TRIALS; n++) {
      const heard = await open(server.port, { tls: true });
      await heard.closed;
      expect(heard.kinds()).toEqual([
        ...STARTED,
        "tls.record.truncated",
        "tcp.fin.received",
        "tcp.close.started",
        "tcp.closed",
      ]);
      expect(heard.one("tls.record.truncated")).toMatchObject({
        contentType: 22,
        expectedBytes: 95,
        receivedBytes: 29,
      });
    }
  });

  it("expires in silence", async () => {
    await using server = await startServer(onHello(() => {}));
    const heard = await open(server.port, { tls: true, connectTimeoutNs: 150 * MS });
    await heard.closed;
    expect(heard.kinds()).toEqual([...STARTED, "tcp.connect.expired", "tcp.close.started", "tcp.closed"]);
    expect(heard.one("tcp.connect.expired").during).toBe("tls");
    expect(heard.one("tcp.close.started")).toMatchObject({ reason: "connect.timeout", how: "rst" });
    expect(heard.calls).toEqual(["ended", "closed"]);
  });

  for (const alert of [40, 42, 46, 48, 70, 71, 80, 112, 116, 120]) {
    it(`alert ${alert}, then FIN at once or RST at once`, async () => {
      const bytes = Buffer.from([21, 3, 3, 0, 2, 2, alert]);
      let reset = false;
      await using server = await startServer(
        onHello((raw) => {
          if (reset) raw.write(bytes, () => raw.resetAndDestroy());
          else raw.end(bytes);
        }),
      );
      for (reset of [false, true, false, true]) {
        const heard = await open(server.port, { tls: true });
        await heard.closed;
        const failed = heard.kinds().indexOf("tls.handshake.failed");
        expect(heard.kinds().slice(0, failed)).toEqual(STARTED);
        expect(heard.one("tls.handshake.failed")).toMatchObject({ alert });
        expect(heard.one("tcp.close.started")).toMatchObject({ reason: "tls.failed" });
        expect(heard.one(reset ? "tcp.rst.received" : "tcp.fin.received")).toBeDefined();
        expect(heard.calls).toEqual(["ended", "closed"]);
      }
    });
  }

  it("garbage", async () => {
    await using server = await startServer(onHello((raw) => raw.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const heard = await open(server.port, { tls: true });
    await heard.closed;
    expect(heard.kinds().slice(0, 4)).toEqual([...STARTED, "tls.handshake.failed"]);
    expect(heard.one("tls.handshake.failed")).toMatchObject({ alert: null });
    expect(heard.one("tls.handshake.failed").code).toMatch(/^(ERR_SSL_|EPROTO)/);
  });

  it("close_notify in the handshake", async () => {
    await using server = await startServer(onHello((raw) => raw.end(Buffer.from([21, 3, 3, 0, 2, 1, 0]))));
    const heard = await open(server.port, { tls: true });
    await heard.closed;
    expect(heard.kinds()).toEqual([
      ...STARTED,
      "tls.close_notify.received",
      "tcp.fin.received",
      "tcp.close.started",
      "tcp.closed",
    ]);
  });

  it("the certificate: expired, wrong name, unknown authority", async () => {
    const made = await certificates();
    const cases = [
      [made.expired, "CERT_HAS_EXPIRED"],
      [made.wrongName, "ERR_TLS_CERT_ALTNAME_INVALID"],
      [made.unknownCa, "SELF_SIGNED_CERT_IN_CHAIN"],
    ] as const;
    for (const [identity, code] of cases) {
      await using server = await startServer({ tls: true, answerFin: true, identity });
      for (let n = 0; n < 3; n++) {
        const heard = await open(server.port, { tls: true });
        await heard.closed;
        expect(heard.kinds().slice(0, 5)).toEqual([...STARTED, "tls.handshake.failed", "tcp.close.started"]);
        expect(heard.one("tls.handshake.failed")).toMatchObject({ code, alert: null });
        expect(heard.one("tcp.close.started").reason).toBe("tls.failed");
        expect(heard.calls).toEqual(["ended", "closed"]);
      }
      const unchecked = await open(server.port, { tls: true, tlsOverrides: { verify: false } });
      await unchecked.ready;
      expect(unchecked.one("tls.handshake.complete")).toMatchObject({ verified: false, alpn: "h2" });
      unchecked.conn.destroy("lane.complete");
      await unchecked.closed;
    }
  });

  it("the name asked for decides, for one and the same certificate", async () => {
    await using server = await startServer({ tls: true, answerFin: true });
    const right = await open(server.port, { tls: true, tlsOverrides: { serverName: "testbed.internal" } });
    await right.ready;
    right.conn.close("lane.complete");
    const wrong = await open(server.port, { tls: true, tlsOverrides: { serverName: "other.internal" } });
    await wrong.closed;
    expect(right.one("tls.handshake.started").serverName).toBe("testbed.internal");
    expect(wrong.one("tls.handshake.failed").code).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    const byAddress = await open(server.port, { tls: true, url: `https://127.0.0.1:${server.port}` });
    await byAddress.ready;
    expect(byAddress.one("tls.handshake.started").serverName).toBeNull();
    byAddress.conn.close("lane.complete");
    await Promise.all([right.closed, byAddress.closed]);
  });

  it("ALPN: an alert, or a peer that chose none or another", async () => {
    const expectations = [
      [["http/1.1"], { alert: 120 }],
      [[], { code: "ERR_ALPN_REFUSED", alert: null, reason: "the peer chose no protocol" }],
    ] as const;
    for (const [alpn, fields] of expectations) {
      await using server = await startServer({ tls: true, answerFin: true, alpn });
      const heard = await open(server.port, { tls: true });
      await heard.closed;
      expect(heard.one("tls.handshake.failed")).toMatchObject(fields);
      expect(heard.one("tcp.close.started").reason).toBe("code" in fields ? "alpn.refused" : "tls.failed");
      expect(heard.kinds().at(-1)).toBe("tcp.closed");
    }
  });
});

describe("TLS that fails after its handshake", () => {
  it("a record that does not decrypt", async () => {
    await using server = await startServer({ tls: true });
    const heard = await open(server.port, { tls: true });
    const peer = await server.nextPeer();
    await heard.ready;
    peer.raw.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 64]), randomBytes(64)]));
    await heard.ended;
    peer.raw.end();
    await heard.closed;
    expect(heard.one("tls.failed")).toMatchObject({ alert: null });
    expect(heard.one("tls.failed").code).toMatch(/BAD_RECORD_MAC/);
    expect(heard.one("tcp.close.started").reason).toBe("tls.failed");
    expect(heard.calls).toEqual(["ready", "ended", "closed"]);
  });
});
