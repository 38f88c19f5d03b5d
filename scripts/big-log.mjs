// A log of any size, the same for the same seed: node scripts/big-log.mjs FILE [--events N] [--seed S] [--node NAME] [--offset-ms MS]
// What it tells is invented, in the shape and the mixture of real runs: ten held sessions that are rolled out now and then,
// some of them by RST with requests in flight, PINGs, and new connections of which a burst is refused in each rollout.
import { closeSync, openSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const WALL = Date.parse("2026-11-22T12:00:00Z");
const FLUSH_CHARS = 1 << 20;

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Hands each line of the log to `write`, without its line feed. Gives the number of events. */
export function bigLog(write, { events = 1e6, seed = 1, node = "master-0", offsetMs = 0 } = {}) {
  const chance = random(seed);
  let seq = 0;
  let t = 0;
  let conns = 0;
  let requests = 0;
  const scheduled = {};
  const event = (kind, fields) => {
    seq += 1;
    write(JSON.stringify({ seq, t, u: 500_000 + Math.floor(chance() * 200_000), kind, ...fields }));
  };
  const lanes = [];
  for (const path of ["vip", "local"]) {
    for (const [lane, ratePerSecond, sessions] of [
      ["held", 200, 5],
      ["fresh.tcp", 20, 0],
    ]) {
      const url = path === "vip" ? "https://10.0.0.2:6443/version" : "https://10.0.0.3:6443/version";
      lanes.push({ path, lane, url, ratePerSecond, sessions, pingIntervalNs: 250_000_000 });
    }
  }
  const wall = (at) => {
    const ns = Math.floor(at) + offsetMs * 1e6;
    return `${new Date(WALL + Math.floor(ns / 1e6)).toISOString().slice(0, 20)}${String(ns % 1e9).padStart(9, "0")}Z`;
  };
  const reference = { monotonicEpochNs: "1000000000", wall: wall(0), wallErrorNs: 1500, kernelDelayNs: 500_000 };
  const versions = { drainprobe: "0.1.0", node: "22.0.0" };
  const config = { paths: [{ name: "vip" }, { name: "local" }], thresholds: {} };
  const header = { kind: "run.header", format: 1, run: `big-${seed}-${node}`, node, reference, config, versions };
  write(JSON.stringify({ ...header, addresses: ["10.0.0.3"], lanes }));

  const remoteOf = (path) => (path === "vip" ? "10.0.0.2:6443" : "10.0.0.3:6443");
  const port = () => 32_768 + (conns % 28_000);
  const open = (path, lane) => {
    conns += 1;
    const conn = { id: conns, path, lane, stream: 1, open: [], local: `10.0.0.3:${port()}` };
    event("tcp.connect.started", { conn: conn.id, path, lane, remote: remoteOf(path), intended: t });
    t += 300_000;
    return conn;
  };
  const connect = (conn) =>
    event("tcp.connect.complete", { conn: conn.id, local: conn.local, remote: remoteOf(conn.path) });
  const session = (path, slot, replaces) => {
    const conn = open(path, "held");
    connect(conn);
    event("tls.handshake.started", { conn: conn.id, serverName: null, alpnOffered: ["h2"] });
    const tls = { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", alpn: "h2", fingerprint: "ab".repeat(32) };
    event("tls.handshake.complete", { conn: conn.id, ...tls, verified: true, durationNs: 900_000 });
    event("h2.settings.received", { conn: conn.id, settings: { maxConcurrentStreams: 250 } });
    event("session.ready", {
      conn: conn.id,
      path,
      lane: "held",
      slot,
      replaces,
      gapNs: replaces === null ? null : 2e6,
    });
    return conn;
  };
  const send = (conn) => {
    requests += 1;
    const request = { id: requests, stream: conn.stream };
    conn.stream += 2;
    const method = requests % 4 === 0 ? "POST" : "GET";
    const { path, lane } = conn;
    scheduled[`${path}/${lane}`] = (scheduled[`${path}/${lane}`] ?? 0) + 1;
    const url = `https://${remoteOf(path)}/api/v1/namespaces/default/configmaps`;
    event("request.sent", {
      request: request.id,
      conn: conn.id,
      stream: request.stream,
      path,
      lane,
      method,
      url,
      intended: t,
    });
    conn.open.push(request);
  };
  const answer = (conn) => {
    const request = conn.open.shift();
    if (request === undefined) return;
    const about = { stream: request.stream, request: request.id };
    t += 200_000;
    const head = { status: 200, endStream: false, contentLength: 133, retryAfter: null };
    event("h2.headers.received", { ...about, ...head, conn: conn.id });
    event("h2.data.received", { ...about, conn: conn.id });
    event("h2.stream.ended", { ...about, bytes: 133, conn: conn.id });
  };
  const end = (conn, how) => {
    if (how === "goaway") {
      event("h2.goaway.received", {
        conn: conn.id,
        index: 1,
        lastStreamId: conn.stream - 2,
        errorCode: 0,
        debug: "",
        debugBytes: 0,
      });
      while (conn.open.length > 0) answer(conn);
      event("tls.close_notify.received", { conn: conn.id });
      event("tcp.fin.received", { conn: conn.id, bytesRead: 1000 });
    } else {
      event("tcp.rst.received", {
        conn: conn.id,
        code: "ECONNRESET",
        seenBy: "read",
        afterFin: false,
        bytesRead: 1000,
      });
    }
    event("tcp.closed", { conn: conn.id, bytesRead: 1000, bytesWritten: 1000 });
  };

  const held = ["vip", "local"].flatMap((path) => Array.from({ length: 5 }, (_, slot) => session(path, slot, null)));
  const rollEvery = Math.max(5000, Math.floor(events / 20));
  let nextRoll = rollEvery;
  let refuse = 0;
  for (let turn = 0; seq < events; turn += 1) {
    t += 2_000_000 + Math.floor(chance() * 1_000_000);
    const index = turn % held.length;
    const conn = held[index];
    send(conn);
    if (conn.open.length > 2) answer(conn);
    if (turn % 25 === 0) event("h2.ping.acknowledged", { conn: conn.id, rttNs: 250_000 });
    if (turn % 5000 === 0) event("clock.anchor", { wall: wall(t), errorNs: 1500 });
    if (turn % 20 === 0) {
      const path = turn % 40 === 0 ? "vip" : "local";
      scheduled[`${path}/fresh.tcp`] = (scheduled[`${path}/fresh.tcp`] ?? 0) + 1;
      const fresh = open(path, "fresh.tcp");
      if (refuse > 0 && path === "vip") {
        refuse -= 1;
        event("tcp.connect.failed", { conn: fresh.id, code: "ECONNREFUSED", syscall: "connect", errno: -111 });
      } else {
        connect(fresh);
        event("tcp.close.started", { conn: fresh.id, reason: "lane.complete", how: "rst" });
        event("tcp.closed", { conn: fresh.id, bytesRead: 0, bytesWritten: 0 });
      }
    }
    if (seq >= nextRoll) {
      nextRoll += rollEvery;
      refuse = 5;
      end(conn, chance() < 0.4 ? "rst" : "goaway");
      held[index] = session(conn.path, index % 5, conn.id);
    }
  }
  event("tcp.close.started", { conn: held[0].id, reason: "run.ended", how: "fin" });
  for (const conn of held) {
    while (conn.open.length > 0) answer(conn);
    if (conn !== held[0]) event("tcp.close.started", { conn: conn.id, reason: "run.ended", how: "fin" });
    event("tcp.closed", { conn: conn.id, bytesRead: 1000, bytesWritten: 1000 });
  }
  write(JSON.stringify({ kind: "run.footer", t, events: seq, scheduled, drops: {}, reason: "duration" }));
  return seq;
}

/** Writes the log to a file; one whose name ends in `.gz` as gzip members. */
export function writeBigLog(file, options) {
  const fd = openSync(file, "w");
  let text = "";
  const flush = () => {
    writeSync(fd, file.endsWith(".gz") ? gzipSync(text) : text);
    text = "";
  };
  const count = bigLog((line) => {
    text += `${line}\n`;
    if (text.length >= FLUSH_CHARS) flush();
  }, options);
  flush();
  closeSync(fd);
  return count;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      node: { type: "string", default: "master-0" },
      "offset-ms": { type: "string", default: "0" },
    },
  });
  const options = {
    events: Number(values.events),
    seed: Number(values.seed),
    node: values.node,
    offsetMs: Number(values["offset-ms"]),
  };
  console.log(`${writeBigLog(positionals[0] ?? "big.jsonl", options)} events`);
}
