import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createFold,
  createProbe,
  type Incident,
  type LogRecord,
  MemorySink,
  type ProbeOptions,
  PrometheusSink,
  type RunHeader,
  type RunSink,
  type Summary,
  type Verdict,
} from "../src/index.js";
import { LIMITS } from "../src/limits.js";
import { type SessionServer, startSessionServer } from "./session-server.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drainprobe-probe-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function options(server: SessionServer, more: Partial<ProbeOptions> = {}): ProbeOptions {
  return {
    paths: [server.path],
    lanes: { held: { sessions: 2, streams: 5, ratePerSecond: 100 }, idle: { sessions: 1 } },
    ...more,
  };
}

/** A pass, unless this machine is so busy that the probe owns up to it. */
function expectNothingWrong(summary: Summary): void {
  expect(summary.requests.failed).toBe(0);
  expect(summary.connections.failed).toBe(0);
  const ours = /our own event loop|were not started/;
  expect(summary.coverage.insufficient.filter((reason) => !ours.test(reason))).toEqual([]);
  expect(summary.verdict).toBe(summary.coverage.insufficient.length === 0 ? "pass" : "inconclusive");
}

async function answered(probe: Awaited<ReturnType<typeof createProbe>>, atLeast: number): Promise<void> {
  for await (const _ of probe.records()) if (probe.snapshot().requests.ok >= atLeast) return;
}

describe.each(["wire", "node"] as const)("createProbe, %s engine", (engine) => {
  it.each([true, false])(
    "passes on a healthy server, and its log replays to the same verdicts (tls %s)",
    async (tls) => {
      await using server = await startSessionServer({ tls });
      const log = join(folder, "run.jsonl");
      const verdicts: Verdict[] = [];
      const probe = await createProbe(options(server, { engine, log, onVerdict: (verdict) => verdicts.push(verdict) }));
      await probe.settled();
      probe.mark("halfway");
      await answered(probe, 30);
      const summary = await probe.stop();

      expectNothingWrong(summary);
      expect(summary.requests.failed).toBe(0);
      expect(summary.requests.ok).toBeGreaterThanOrEqual(30);
      expect(summary.connections.opened).toBe(3);
      expect(summary.connections.closed.alive).toBe(3);
      expect(await probe.finished).toBe(summary);

      const lines = readFileSync(log, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as LogRecord | Verdict);
      expect(lines[0]).toMatchObject({ kind: "run.header", format: 1 });
      const footerAt = lines.findIndex((line) => line.kind === "run.footer");
      expect(lines[footerAt]).toMatchObject({ reason: "stopped", drops: {} });
      expect(lines.slice(footerAt + 1)).toEqual(verdicts);
      expect(lines.some((line) => line.kind === "run.mark" && line.name === "halfway")).toBe(true);
      const seqs = lines.flatMap((line) => ("seq" in line ? [line.seq] : []));
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));

      const replayed: Verdict[] = [];
      const fold = createFold({ onVerdict: (verdict) => replayed.push(verdict) });
      for (const line of lines) if (line.kind !== "verdict") fold.push(line);
      expect(fold.finish()).toEqual(summary);
      expect(JSON.stringify(replayed)).toBe(JSON.stringify(verdicts));
    },
  );

  it("tells a killed server as incidents, live and in the summary", async () => {
    await using server = await startSessionServer({ tls: true });
    server.handler = (stream) => stream.respond({ ":status": 200 });
    const incidents: Incident[] = [];
    const probe = await createProbe({
      ...options(server, { engine, onIncident: (incident) => incidents.push(incident) }),
      lanes: { slow: { paths: ["/slow"] }, idle: { sessions: 1 } },
    });
    await probe.settled();
    for (const socket of server.sockets) socket.destroy();
    let reopened = 0;
    for await (const record of probe.records()) {
      if (record.kind === "session.ready" && record.replaces !== null) reopened += 1;
      if (reopened === 2) break;
    }
    const summary = await probe.stop();
    expect(summary.verdict).toBe("fail");
    expect(incidents).toHaveLength(2);
    expect(summary.incidents.map((incident) => incident.conn)).toEqual(incidents.map((incident) => incident.conn));
    for (const incident of summary.incidents) expect(incident.recoveredAfterNs).not.toBe(null);
    const slow = incidents.find((incident) => incident.lane === "slow");
    expect(slow).toMatchObject({ requestsFailed: 1, unsafeToRetry: 0, closeNotify: false });
    expect(["abrupt", "reset"]).toContain(slow?.close);
  });

  it("hands every record, verdict and incident to its sinks, and a record before the verdicts it makes final", async () => {
    await using server = await startSessionServer({ tls: true });
    const order: string[] = [];
    const verdicts: Verdict[] = [];
    const metrics = new PrometheusSink({ version: "0", nodeVersion: "0" });
    const memory = new MemorySink();
    const sink: RunSink = {
      write: (record) => order.push(record.kind),
      appendVerdict: (verdict) => order.push(`verdict on ${verdict.scope}`),
      appendIncident: (incident) => order.push(`incident ${incident.type}`),
    };
    const probe = await createProbe(
      options(server, { engine, sinks: [sink, memory, metrics], onVerdict: (verdict) => verdicts.push(verdict) }),
    );
    await probe.settled();
    await answered(probe, 10);
    for (const socket of server.sockets) socket.destroy();
    for await (const record of probe.records()) if (record.kind === "session.ready" && record.replaces !== null) break;
    expect(probe.snapshot().drops).toEqual({});
    const summary = await probe.stop();

    expect(order[0]).toBe("run.header");
    expect(order[order.findIndex((what) => what.startsWith("verdict")) - 1]).toBe("tcp.closed");
    expect(order.filter((what) => what.startsWith("incident"))).toHaveLength(summary.incidents.length);
    expect(memory.records.at(-1)).toMatchObject({ kind: "run.footer" });
    expect(memory.verdicts).toEqual(verdicts);
    expect(metrics.text()).toContain(
      `drainprobe_requests_total{path="${server.path.name}",lane="held",result="ok"} ${summary.requests.ok}\n`,
    );
  });

  it("leaves nothing behind after stop: no socket, no timer, no handler", async () => {
    await using server = await startSessionServer({ tls: true });
    server.handler = (stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] !== "/slow") stream.end("ok");
    };
    const before = active();
    const handlers = process.listenerCount("exit");
    const controller = new AbortController();
    const probe = await createProbe({
      paths: [server.path],
      engine,
      log: join(folder, "leak.jsonl"),
      signal: controller.signal,
      lanes: {
        held: { sessions: 2, streams: 2, ratePerSecond: 100 },
        idle: { sessions: 2 },
        freshTcp: { ratePerSecond: 50 },
        freshTls: { ratePerSecond: 50 },
        freshH2: { ratePerSecond: 50 },
        watch: { paths: ["/watch"] },
        slow: { paths: ["/slow"] },
      },
    });
    await probe.settled();
    await answered(probe, 20);
    await probe.stop();
    await until(() => server.sockets.size === 0);
    await new Promise((resolve) => setImmediate(resolve));
    const after = active();
    // No more than before: what the test runner had running may have ended meanwhile.
    for (const [name, count] of Object.entries(after))
      expect([name, count <= (before[name] ?? 0)]).toEqual([name, true]);
    expect(process.listenerCount("exit")).toBe(handlers);
  });
});

/** What keeps this process alive, as far as a probe could have left it behind. */
function active(): Record<string, number> {
  const counts: Record<string, number> = { TCPSocketWrap: 0, TCPWrap: 0, TLSWrap: 0, Timeout: 0 };
  for (const name of process.getActiveResourcesInfo()) if (name in counts) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (condition()) resolve();
      else setImmediate(look);
    };
    look();
  });
}

describe("the end of a run", () => {
  it("comes by itself after durationMs", async () => {
    await using server = await startSessionServer({ tls: false });
    const log = join(folder, "duration.jsonl");
    const probe = await createProbe(options(server, { durationMs: 300, log }));
    const summary = await probe.finished;
    expect(summary.coverage.durationNs).toBeGreaterThanOrEqual(290e6);
    expect(summary.coverage.durationNs).toBeLessThan(900e6);
    expect(readFileSync(log, "utf8")).toContain('"reason":"duration"');
    expect(await probe.stop()).toBe(summary);
  });

  it("comes at once when the signal is aborted, and requests in flight are abandoned", async () => {
    await using server = await startSessionServer({ tls: true });
    server.handler = () => {};
    const controller = new AbortController();
    const verdicts: Verdict[] = [];
    const probe = await createProbe({
      ...options(server, { signal: controller.signal, onVerdict: (verdict) => verdicts.push(verdict) }),
      lanes: { slow: { paths: ["/a", "/b"] } },
    });
    const reader = probe.records()[Symbol.asyncIterator]();
    await probe.settled();
    await server.nextStream("/b");
    controller.abort();
    const summary = await probe.finished;
    expect(summary.requests).toMatchObject({ total: 2, abandoned: 2, failed: 0 });
    const records: LogRecord[] = [];
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) records.push(next.value);
    expect(records.at(-1)).toMatchObject({ kind: "run.footer", reason: "signal" });
    const starts = records.filter((record) => record.kind === "tcp.close.started");
    expect(starts.length).toBe(2);
    for (const start of starts) expect(start).toMatchObject({ reason: "aborted" });
    expect(verdicts.filter((verdict) => verdict.scope === "request").map((verdict) => verdict.type)).toEqual([
      "abandoned",
      "abandoned",
    ]);
  });

  it("rejects settled() when it comes before every lane has worked", async () => {
    const probe = await createProbe({
      paths: [{ name: "nobody", url: "http://127.0.0.1:1/" }],
      lanes: { idle: { sessions: 1 } },
      durationMs: 200,
    });
    await expect(probe.settled()).rejects.toMatchObject({ code: "PROBE_STOPPED" });
    const summary = await probe.finished;
    expect(summary.verdict).toBe("fail");
    expect(() => probe.mark("too late")).toThrow(/after the end/);
  });

  it("may be asked for from within a callback, and by the end of a scope", async () => {
    await using server = await startSessionServer({ tls: false });
    let summary: unknown;
    {
      await using probe = await createProbe({
        ...options(server, { onVerdict: () => void probe.stop().then((result) => (summary = result)) }),
        requestTimeoutMs: 50,
      });
      server.handler = () => {};
      await probe.finished;
    }
    expect(summary).toMatchObject({ verdict: "fail" });
    await until(() => server.sockets.size === 0);
  });
});

describe("several probes in one process", () => {
  it("know nothing of each other", async () => {
    await using one = await startSessionServer({ tls: false });
    await using two = await startSessionServer({ tls: false });
    two.handler = (stream) => stream.respond({ ":status": 500 }, { endStream: true });
    const [first, second] = await Promise.all([createProbe(options(one)), createProbe(options(two))]);
    await Promise.all([answered(first, 20), second.settled()]);
    const [good, bad] = await Promise.all([first.stop(), second.stop()]);
    expectNothingWrong(good);
    expect(good.connections.opened).toBe(3);
    expect(bad.requests.byType).toHaveProperty("http.error");
    expect(first.header.run).not.toBe(second.header.run);
  });
});

describe("records()", () => {
  it("gives each reader everything from its own beginning to the footer", async () => {
    await using server = await startSessionServer({ tls: false });
    const probe = await createProbe(options(server));
    const early = collect(probe.records());
    await answered(probe, 5);
    const late = collect(probe.records());
    await answered(probe, 10);
    await probe.stop();
    const [first, second] = await Promise.all([early, late]);
    expect(first.at(-1)).toMatchObject({ kind: "run.footer" });
    expect(first.slice(-second.length)).toEqual(second);
    expect(await collect(probe.records())).toEqual([]);
  });

  it("drops for a slow reader, counts it, and weakens no verdict by it", async () => {
    await using server = await startSessionServer({ tls: false });
    const probe = await createProbe(options(server));
    const slow = probe.records();
    for (let index = 0; index < LIMITS.recordQueue + 10; index += 1) probe.mark("filling");
    await answered(probe, 5);
    const summary = await probe.stop();
    expect(summary.drops.records).toBeGreaterThanOrEqual(10);
    // Its marks may well have stalled the loop of this test; what a reader misses is no reason to doubt the result.
    expect(summary.coverage.insufficient.join()).not.toMatch(/dropped/);
    expect((await collect(slow)).length).toBe(LIMITS.recordQueue);
  });
});

async function collect(records: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

describe("credentials", () => {
  it("send a rotated token with each new connection, and never show it", async () => {
    await using server = await startSessionServer({ tls: true });
    const seen = new Set<string>();
    server.handler = (stream, headers) => {
      seen.add(String(headers.authorization));
      stream.respond({ ":status": 200 }, { endStream: true });
    };
    let token = "first-secret";
    const log = join(folder, "token.jsonl");
    const probe = await createProbe({
      paths: [{ ...server.path, token: () => token }],
      requests: [{ method: "GET", path: "/version", headers: { "X-Key": "header-secret" } }],
      lanes: { held: { sessions: 1, streams: 5, ratePerSecond: 50 } },
      log,
    });
    await answered(probe, 3);
    token = "second-secret\n";
    for (const session of server.sessions) session.close();
    for await (const _ of probe.records()) if (seen.size === 2) break;
    const summary = await probe.stop();
    expect([...seen]).toEqual(["Bearer first-secret", "Bearer second-secret"]);
    expect(readFileSync(log, "utf8") + JSON.stringify(summary)).not.toMatch(/secret|BEGIN|Bearer/);
    const header = JSON.parse(readFileSync(log, "utf8").split("\n")[0] ?? "") as RunHeader;
    expect(header.config).toMatchObject({ paths: [{ name: "local", ca: "set", token: "set", verify: true }] });
    expect(header.versions).toMatchObject({ node: process.versions.node, openssl: process.versions.openssl });
    expect(header.lanes).toMatchObject([{ path: "local", lane: "held", ratePerSecond: 50, sessions: 1 }]);
  });

  it("that cannot be used are misuse, told before anything is opened", async () => {
    const paths = [{ name: "x", url: "https://127.0.0.1:1", cert: "not a certificate", key: "very-secret" }];
    const creating = createProbe({ paths, lanes: { idle: { sessions: 1 } }, log: join(folder, "none.jsonl") });
    await expect(creating).rejects.toMatchObject({ code: "CREDENTIALS_UNREADABLE" });
    await expect(creating).rejects.not.toThrow(/very-secret/);
    expect(() => readFileSync(join(folder, "none.jsonl"))).toThrow(/ENOENT/);
  });
});

describe("a token", () => {
  it.each([
    ["throws", (): string => readFileSync("/nonexistent/token", "utf8")],
    ["is empty", (): string => "\n"],
    ["would break its header", (): string => "two\nlines"],
  ])("that %s at the start is misuse", async (_, token) => {
    const paths = [{ name: "x", url: "http://127.0.0.1:1", token }];
    await expect(createProbe({ paths, lanes: { idle: { sessions: 1 } } })).rejects.toMatchObject({
      code: "CREDENTIALS_UNREADABLE",
    });
  });

  it("that cannot be read for a moment leaves the last one in use", async () => {
    await using server = await startSessionServer({ tls: false });
    const seen: string[] = [];
    server.handler = (stream, headers) => {
      seen.push(String(headers.authorization));
      stream.respond({ ":status": 200 }, { endStream: true });
    };
    let reads = 0;
    const token = (): string => {
      reads += 1;
      if (reads > 1) throw new Error("being rotated");
      return "good";
    };
    const probe = await createProbe({
      paths: [{ ...server.path, token }],
      lanes: { freshH2: { ratePerSecond: 50 } },
    });
    await answered(probe, 3);
    await probe.stop();
    expect(reads).toBeGreaterThan(3);
    expect(new Set(seen)).toEqual(new Set(["Bearer good"]));
  });
});

describe("misuse", () => {
  it("of the log is refused: a file that exists is not written over unasked", async () => {
    await using server = await startSessionServer({ tls: false });
    const log = join(folder, "twice.jsonl");
    await (await createProbe(options(server, { log }))).stop();
    await expect(createProbe(options(server, { log }))).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
    await (await createProbe(options(server, { log, overwriteLog: true }))).stop();
  });

  it("of a signal that is aborted already is told", async () => {
    await using server = await startSessionServer({ tls: false });
    const creating = createProbe(options(server, { signal: AbortSignal.abort() }));
    await expect(creating).rejects.toMatchObject({ code: "PROBE_STOPPED" });
  });
});

describe("records() as a stream", () => {
  it("opened at once begins with the header and misses nothing", async () => {
    await using server = await startSessionServer({ tls: false });
    const log = join(folder, "run.jsonl");
    const probe = await createProbe(options(server, { log }));
    const heard: LogRecord[] = [];
    const reading = (async () => {
      for await (const record of probe.records()) heard.push(record);
    })();
    await answered(probe, 5);
    await probe.stop();
    await reading;
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    const records = lines
      .map((line) => JSON.parse(line) as LogRecord | Verdict)
      .filter(({ kind }) => kind !== "verdict");
    expect(heard.map((record) => record.kind)).toEqual(records.map((record) => record.kind));
    expect(heard[0]).toBe(probe.header);
  });

  it("opened later hears what comes from then on", async () => {
    await using server = await startSessionServer({ tls: false });
    const probe = await createProbe(options(server));
    await answered(probe, 1);
    const late = probe.records()[Symbol.asyncIterator]();
    probe.mark("now");
    expect((await late.next()).value).toMatchObject({ kind: "run.mark", name: "now" });
    await probe.stop();
  });
});
