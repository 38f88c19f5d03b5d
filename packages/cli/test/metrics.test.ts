import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { CapturedIo, cli } from "./support/capture.js";
import { HELD, stage } from "./support/scenario.js";

const RUN = ["run", "--no-self-test", "--quiet", "--json"];

/** Where the run says that its metrics are. */
async function metricsUrl(io: CapturedIo): Promise<string> {
  const told = /metrics at (http:\/\/\S+)\/metrics\n/;
  await io.shows("stderr", told);
  return told.exec(io.text("stderr"))?.[1] ?? "";
}

/** The value of a line of `/metrics`, by the text before it. */
function metric(text: string, line: string): number | undefined {
  const found = text.split("\n").find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return response.text();
}

async function scrapeUntil(url: string, enough: (text: string) => boolean): Promise<string> {
  for (;;) {
    const text = await scrape(url);
    if (enough(text)) return text;
  }
}

describe("drainprobe run --metrics-port", () => {
  it("serves the run's counts and its health, on loopback, until the run ends", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const ended = cli([...RUN, ...server.target, ...HELD, "--fresh-h2", "5", "--metrics-port", "0"], io);
    const url = await metricsUrl(io);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ok = 'drainprobe_requests_total{path="target",lane="held",result="ok"}';
    const text = await scrapeUntil(url, (seen) => (metric(seen, ok) ?? 0) >= 10);
    expect(metric(text, 'drainprobe_sessions_open{path="target",lane="held"}')).toBe(1);
    expect(metric(text, 'drainprobe_requests_total{path="target",lane="held",result="failed"}')).toBe(0);
    expect(text).toMatch(/^drainprobe_build_info\{version="[^"]+",node_version="[^"]+"\} 1$/m);

    expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok\n");
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);

    io.interrupt();
    const { stdout } = await ended;
    expect((JSON.parse(stdout) as Summary).requests.ok).toBeGreaterThanOrEqual(10);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it("counts failures as the summary does", async () => {
    await using server = await stage("rst-in-flight");
    const io = new CapturedIo();
    const ended = cli([...RUN, ...server.target, ...HELD, "--metrics-port", "0"], io);
    const url = await metricsUrl(io);
    const failures =
      'drainprobe_request_failures_total{path="target",lane="held",type="tcp.reset",scope="connection",processed="maybe"}';
    // An incident is told when its casualties are known: with the next record at the earliest.
    const incidents = 'drainprobe_incidents_total{path="target",lane="held",type="tcp.reset"}';
    const text = await scrapeUntil(url, (seen) => metric(seen, incidents) === 1);
    io.interrupt();
    const summary = JSON.parse((await ended).stdout) as Summary;
    expect(metric(text, failures)).toBe(summary.requests.byType["tcp.reset"]);
    expect(summary.incidents).toHaveLength(1);
    expect(
      metric(text, 'drainprobe_connections_ended_total{path="target",lane="held",close="reset",type="tcp.reset"}'),
    ).toBe(1);
  });

  it("shows neither a token nor an address", async () => {
    await using server = await stage("healthy");
    const canary = randomBytes(16).toString("hex");
    const token = join(server.folder, "token");
    writeFileSync(token, canary);
    const io = new CapturedIo();
    const ended = cli([...RUN, ...server.target, ...HELD, "--token-file", token, "--metrics-port", "0"], io);
    const url = await metricsUrl(io);
    const text = await scrapeUntil(url, (seen) => seen.includes("drainprobe_request_from_sent_seconds_count"));
    io.interrupt();
    await ended;
    expect(text).not.toContain(canary);
    expect(text).not.toMatch(/127\.0\.0\.1|localhost|https?:/);
  });

  it("is told in one line what cannot be had", async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    try {
      const target = ["run", "--target", "https://127.0.0.1:1"];
      for (const [flags, told] of [
        [["--metrics-port", port], `--metrics-port ${port}: somebody listens there already`],
        [
          ["--metrics-port", "0", "--metrics-address", "192.0.2.1"],
          "--metrics-address 192.0.2.1: not an address of this",
        ],
        [["--metrics-port", "70000"], "out of range: from 0 to 65535"],
        [["--metrics-port", "0", "--metrics-address", "localhost"], "not an IP address"],
        [["--metrics-address", "127.0.0.1"], "--metrics-address does nothing without --metrics-port"],
      ] as const) {
        const { code, stderr, stdout } = await cli([...target, ...flags]);
        expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
        expect(stderr).toContain(told);
        expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      }
    } finally {
      taken.close();
    }
  });
});
