import { describe, expect, it } from "vitest";
import type { RequestTemplate } from "../../io/request-template.js";
import { workloadSource, workloadStreams } from "./workload.js";

const server = new URL("https://api-int.example.com:6443/prefix");
const crud = { workload: "crud", concurrency: 2, namespace: "scratch", run: "r1", path: 3, server } as const;
const ok = (template: RequestTemplate) => ({
  outcome: "ended" as const,
  status: template.method === "POST" ? 201 : 200,
});
const object = (template: RequestTemplate): string => {
  const url = new URL(template.url);
  return `${url.pathname}${url.searchParams.has("fieldManager") ? `/${url.searchParams.get("fieldManager")}` : ""}`;
};

describe("the crud workload", () => {
  it("creates, gets and deletes each object, then asks for something else", () => {
    const source = workloadSource({ ...crud, concurrency: 1 });
    const asked = Array.from({ length: 8 }, () => {
      const template = source.next();
      expect(source.ready).toBe(false);
      source.ended(template, ok(template));
      return template;
    });
    expect(asked.map(({ method }) => method)).toEqual(["POST", "GET", "DELETE", "GET", "POST", "GET", "DELETE", "GET"]);
    expect(object(asked[0]!)).toBe("/prefix/api/v1/namespaces/scratch/serviceaccounts/r1-p3w0-0");
    expect(new Set([0, 1, 2].map((at) => object(asked[at]!))).size).toBe(1);
    expect(object(asked[4]!)).toBe("/prefix/api/v1/namespaces/scratch/secrets/r1-p3w0-1");
    expect(JSON.parse(Buffer.from(asked[0]!.body ?? []).toString())).toMatchObject({
      kind: "ServiceAccount",
      metadata: {
        name: "r1-p3w0-0",
        labels: { "app.kubernetes.io/managed-by": "drainprobe", "drainprobe.dev/run": "r1" },
      },
    });
    expect(asked[0]!.headers).toContainEqual(["content-length", String(asked[0]!.body?.byteLength)]);
  });

  it.each<[string, { outcome: "ended" | "released" | "expired" | "unsent"; status: number }]>([
    ["whose answer never came", { outcome: "released", status: 0 }],
    ["whose answer was cut off", { outcome: "released", status: 201 }],
    ["that was refused", { outcome: "ended", status: 429 }],
    ["that expired", { outcome: "expired", status: 0 }],
    ["that was never sent", { outcome: "unsent", status: 0 }],
  ])("lets an object alone for ever after a create %s", (_, end) => {
    const source = workloadSource({ ...crud, concurrency: 1 });
    const create = source.next();
    source.ended(create, end);
    for (let turn = 0; turn < 200; turn += 1) {
      const template = source.next();
      expect(object(template)).not.toBe(object(create));
      source.ended(template, ok(template));
    }
  });

  it("names no object twice, over workers, paths and runs", () => {
    const sources = [
      { path: 3, run: "r1" },
      { path: 4, run: "r1" },
      { path: 3, run: "r2" },
    ].map((own) => workloadSource({ ...crud, concurrency: 10, ...own }));
    const names = new Set<string>();
    let creates = 0;
    for (const source of sources) {
      for (let turn = 0; turn < 500; turn += 1) {
        const template = source.next();
        if (template.method === "POST") {
          creates += 1;
          names.add(object(template));
        }
        source.ended(template, ok(template));
      }
    }
    expect(creates).toBeGreaterThan(200);
    expect(names.size).toBe(creates);
  });

  it("has as many requests open as workers, and no more", () => {
    const source = workloadSource(crud);
    const open = [source.next(), source.next()];
    expect(source.ready).toBe(false);
    source.ended(open[1]!, ok(open[1]!));
    expect(source.ready).toBe(true);
    // Of the worker that is free: the other has not heard of its create yet.
    expect(source.next().method).toBe("GET");
    expect(source.ready).toBe(false);
  });
});

it("takes 500 of /readyz alone for an answer, and writes nothing when it is to read", () => {
  const source = workloadSource({ ...crud, workload: "readonly" });
  const seen = new Map<string, RequestTemplate>();
  for (let turn = 0; turn < 20; turn += 1) {
    const template = source.next();
    seen.set(template.path, template);
    source.ended(template, ok(template));
  }
  expect([...seen.values()].map(({ method, path, expected }) => [method, path, expected])).toEqual([
    ["GET", "/prefix/api/v1/namespaces/scratch", undefined],
    ["GET", "/prefix/version", undefined],
    ["GET", "/prefix/readyz", [500]],
  ]);
  expect(workloadStreams("version", null)).toEqual({ watch: [], slow: [] });
  expect(workloadStreams("crud", "scratch").slow).toEqual(["/api/v1/configmaps"]);
});
