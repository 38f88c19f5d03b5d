import { describe, expect, it } from "vitest";
import { DrainprobeError } from "../errors.js";
import type { ProbeOptions } from "../probe-options.js";
import { resolveOptions } from "./resolve-options.js";

const good: ProbeOptions = {
  paths: [{ name: "vip", url: "https://10.0.0.2:6443/version?timeout=5s" }],
  lanes: { held: { sessions: 2, streams: 5, ratePerSecond: 50 } },
};

/** The fault lines of these options; none for good ones. */
function faults(options: object): string[] {
  try {
    resolveOptions(options as ProbeOptions);
    return [];
  } catch (error) {
    if (!(error instanceof DrainprobeError) || error.code !== "OPTIONS_INVALID") throw error;
    return error.message.split("\n");
  }
}

describe("resolveOptions", () => {
  it("fills in the documented defaults, in ns", () => {
    const resolved = resolveOptions(good);
    expect(resolved.engine).toBe("wire");
    expect(resolved.durationNs).toBe(null);
    expect(resolved.timing).toEqual({
      requestTimeoutNs: 10_000_000_000,
      pingIntervalNs: 250_000_000,
      pingTimeoutNs: 2_000_000_000,
      connectTimeoutNs: 5_000_000_000,
      drainTimeoutNs: 15_000_000_000,
    });
    expect(resolved.paths[0]?.requests).toMatchObject([
      { method: "GET", path: "/version?timeout=5s", url: "https://10.0.0.2:6443/version?timeout=5s", body: null },
    ]);
    expect(resolved.paths[0]?.target).toMatchObject({ path: "vip", connectTo: null });
    expect(resolved.paths[0]?.target.tls).toMatchObject({ serverName: null, verify: true });
  });

  it("gives each path its own requests, with content-length and lower-case names", () => {
    const resolved = resolveOptions({
      ...good,
      paths: [...(good.paths ?? []), { name: "local", url: "http://localhost:8080/ignored" }],
      requests: [
        { method: "POST", path: "/api?x=1", headers: { "X-Trace": "a b" }, body: "grün" },
        { method: "GET", path: "/" },
      ],
      lanes: { ...good.lanes, watch: { paths: ["/watch"] } },
    });
    const [vip, local] = resolved.paths;
    expect(vip?.requests.map((request) => request.url)).toEqual([
      "https://10.0.0.2:6443/api?x=1",
      "https://10.0.0.2:6443/",
    ]);
    expect(local?.requests[0]?.url).toBe("http://localhost:8080/api?x=1");
    expect(local?.target.tls).toBe(null);
    expect(local?.watch?.[0].url).toBe("http://localhost:8080/watch");
    expect(local?.slow).toBe(null);
    const headers = new Map(vip?.requests[0]?.headers);
    expect(headers.get("content-length")).toBe("5");
    expect(headers.get("x-trace")).toBe("a b");
    expect(headers.get("user-agent")).toMatch(/^drainprobe\/\d/);
  });

  it.each([
    ["10.0.0.2:6443", { host: "10.0.0.2", port: 6443 }],
    ["[fd00::2]:443", { host: "fd00::2", port: 443 }],
    ["balancer.internal:80", { host: "balancer.internal", port: 80 }],
  ])("reads connectTo %s", (connectTo, expected) => {
    const [path] = good.paths ?? [];
    const resolved = resolveOptions({ ...good, paths: [{ ...path!, connectTo }] });
    expect(resolved.paths[0]?.target.connectTo).toEqual(expected);
  });

  it("tells every fault at once, a line for each", () => {
    const lines = faults({
      paths: [
        { name: "a b", url: "ftp://host" },
        { name: "twin", url: "https://host" },
        { name: "twin", url: "https://host", connectTo: "host", cert: "x" },
      ],
      lanes: { held: { sessions: 0, streams: 1.5, ratePerSecond: "fast" }, wathc: {} },
      engine: "go",
      pingIntervalMs: -1,
      durationMS: 5,
    });
    const starts = lines.map((line) => line.split(":")[0]);
    expect(starts).toEqual([
      'unknown option "durationMS" (known',
      "paths[0].name",
      "paths[0].url",
      "paths[2].connectTo",
      "paths[2]",
      "paths[2].name",
      "lanes",
      "lanes.held.sessions",
      "lanes.held.streams",
      "lanes.held.ratePerSecond",
      "pingIntervalMs",
      "engine",
    ]);
  });

  it.each<[string, object, RegExp]>([
    ["no object", [], /must be an object/],
    ["no paths", { ...good, paths: [] }, /paths: at least one/],
    ["no lanes", { ...good, lanes: {} }, /at least one of held, idle/],
    [
      "fresh.tls without TLS",
      { paths: [{ name: "p", url: "http://h" }], lanes: { freshTls: { ratePerSecond: 1 } } },
      /no TLS/,
    ],
    ["a fresh lane without a pace", { ...good, lanes: { freshTcp: {} } }, /freshTcp: must have ratePerSecond or/],
    [
      "a fresh lane with two paces",
      { ...good, lanes: { freshH2: { ratePerSecond: 1, concurrency: 1 } } },
      /freshH2: must have ratePerSecond or concurrency, and not both/,
    ],
    [
      "too many sessions",
      { ...good, lanes: { idle: { sessions: 12_000 }, watch: { paths: ["/"] } } },
      /more than 12000/,
    ],
    ["a watch without paths", { ...good, lanes: { watch: { paths: [] } } }, /watch\.paths: must be a list/],
    [
      "a relative path",
      { ...good, lanes: { slow: { paths: ["slow"] } } },
      /slow\.paths\[0\]: must be an absolute path/,
    ],
    ["a path with a space", { ...good, requests: [{ method: "GET", path: "/a b" }] }, /requests\[0\]\.path/],
    ["no requests", { ...good, requests: [] }, /at least one request/],
    ["CONNECT", { ...good, requests: [{ method: "CONNECT", path: "/" }] }, /other than CONNECT/],
    [
      "a connection header",
      { ...good, requests: [{ method: "GET", path: "/", headers: { Connection: "close" } }] },
      /not allowed in HTTP\/2/,
    ],
    ["a fragment", { ...good, paths: [{ name: "p", url: "https://h/#x" }] }, /fragment/],
    ["a port of 0", { ...good, paths: [{ name: "p", url: "https://h", connectTo: "h:0" }] }, /connectTo/],
    ["an unknown threshold", { ...good, thresholds: { maxFailures: 1 } }, /unknown option "maxFailures"/],
    ["a negative threshold", { ...good, thresholds: { maxUnsafe: -1 } }, /thresholds\.maxUnsafe/],
    ["an endless duration", { ...good, durationMs: Number.POSITIVE_INFINITY }, /durationMs/],
  ])("refuses %s", (_, options, expected) => {
    const lines = faults(options);
    expect(lines.join("\n")).toMatch(expected);
    expect(lines).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["a password in a URL", { ...good, paths: [{ name: "p", url: "https://me:hunter2@h" }] }],
    [
      "a header value",
      { ...good, requests: [{ method: "GET", path: "/", headers: { authorization: "hunter2\r\nx: y" } }] },
    ],
    ["a token that is no function", { ...good, paths: [{ name: "p", url: "https://h", token: "hunter2" }] }],
  ])("does not repeat %s in its error", (_, options) => {
    const lines = faults(options);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain("hunter2");
  });
});
