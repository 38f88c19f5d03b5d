import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeAccess } from "../src/kube/access.js";
import { type MarkerOptions, startMarkers } from "../src/kube/markers/start-markers.js";
import { MarkerRig } from "./marker-rig.js";

type Item = Record<string, unknown>;
const NS = "openshift-kube-apiserver";

/** The list and watch of events and pods, as a Kubernetes API server gives them. */
class Collections {
  readonly items: Record<string, Item[]> = { events: [], pods: [] };
  readonly asked: string[] = [];
  refuse: number | null = null;
  readonly #watches = new Map<string, Set<ServerResponse>>();
  readonly #server: Server;
  #version = 100;
  onAsked: () => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      const name = url.pathname.split("/").at(-1) ?? "";
      this.asked.push(
        `${url.pathname}${url.searchParams.has("watch") ? ` watch ${url.searchParams.get("resourceVersion")}` : ""}`,
      );
      this.onAsked();
      if (this.refuse !== null || !url.pathname.startsWith(`/api/v1/namespaces/${NS}/`)) {
        response.statusCode = this.refuse ?? 404;
        response.end("{}");
        return;
      }
      if (url.searchParams.get("watch") !== "true") {
        response.end(JSON.stringify({ metadata: { resourceVersion: String(this.#version) }, items: this.items[name] }));
        return;
      }
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      const watches = this.#watches.get(name) ?? new Set();
      this.#watches.set(name, watches.add(response));
      this.onAsked();
      response.once("close", () => {
        watches.delete(response);
        this.onAsked();
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  watching(name: string): boolean {
    return (this.#watches.get(name)?.size ?? 0) > 0;
  }

  send(name: string, type: string, object: Item): void {
    this.#version += 1;
    const metadata = { ...(object.metadata as Item | undefined), resourceVersion: String(this.#version) };
    const line = `${JSON.stringify({ type, object: { ...object, metadata } })}\n`;
    for (const response of this.#watches.get(name) ?? []) {
      // In two pieces, as the network may deliver it.
      response.write(line.slice(0, 10));
      response.write(line.slice(10));
    }
  }

  cut(name: string): void {
    for (const response of this.#watches.get(name) ?? []) response.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }
}

let rig: MarkerRig;
let api: Collections;
beforeEach(async () => {
  rig = new MarkerRig();
  api = new Collections();
  api.onAsked = () => rig.wake();
  await api.open();
});
afterEach(async () => {
  await rig.stop();
  await api.close();
});

function start(change: Partial<MarkerOptions> = {}): void {
  const server = new URL(`http://127.0.0.1:${api.port}`);
  const access = { server, host: "127.0.0.1", port: api.port, serverName: null, verify: true, token: null };
  const full = { ...access, secureContext: null } as unknown as KubeAccess;
  const local = { backend: "master-0", host: "10.0.0.5", port: 6443 };
  rig.run(startMarkers({ local, api: { access: full, namespaces: [NS] }, ...change }, rig.deps));
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const event = (reason: string, more: Item = {}): Item => ({
  metadata: { creationTimestamp: seconds(Date.now()) },
  involvedObject: { kind: "Pod", name: "kube-apiserver-master-1" },
  reason,
  firstTimestamp: seconds(Date.now()),
  lastTimestamp: seconds(Date.now()),
  ...more,
});
const pod = (more: { started?: string; ready?: string; since?: string; finished?: string }): Item => ({
  metadata: { name: "kube-apiserver-master-1" },
  spec: {
    nodeName: "master-1",
    containers: [{ name: "kube-apiserver", args: ["exec kube-apiserver --secure-port=7443 --v=2"] }, { name: "other" }],
  },
  status: {
    hostIP: "10.0.0.6",
    conditions: [
      { type: "Ready", status: more.ready ?? "True", lastTransitionTime: more.since ?? "2020-06-09T13:00:00Z" },
    ],
    containerStatuses: [
      {
        name: "kube-apiserver",
        state: { running: { startedAt: more.started ?? "2020-06-09T12:59:00Z" } },
        ...(more.finished === undefined ? {} : { lastState: { terminated: { finishedAt: more.finished } } }),
      },
    ],
  },
});

describe("events of the API", () => {
  it("become markers of whole seconds; those of before the run do not", async () => {
    api.items.events = [event("TerminationStart", { firstTimestamp: "2020-06-09T13:27:41Z" })];
    start();
    await rig.until(() => api.watching("events"));
    api.send("events", "ADDED", event("Pulled"));
    const second = seconds(Date.now());
    api.send("events", "ADDED", event("ShutdownInitiated", { firstTimestamp: second }));
    expect(await rig.marker(1)).toMatchObject({
      source: "api.event",
      backend: "kube-apiserver-master-1",
      marker: "termination.started",
      saidAt: second.replace("Z", ".000000000Z"),
      resolutionNs: 1e9,
      detail: "ShutdownInitiated",
    });
  });

  it("against the namespace are told by their host, and microseconds are kept", async () => {
    start();
    await rig.until(() => api.watching("events"));
    const involvedObject = { kind: "Namespace", name: NS };
    const eventTime = new Date().toISOString().replace("Z", "123Z");
    const more = { involvedObject, source: { host: "master-2" }, eventTime };
    api.send("events", "ADDED", event("AfterShutdownDelayDuration", more));
    expect(await rig.marker(1)).toMatchObject({ backend: "master-2", marker: "delay.finished", resolutionNs: 1_000 });
    api.send("events", "ADDED", event("InFlightRequestsDrained", more));
    expect(await rig.marker(2)).toMatchObject({ marker: "not.accepting" });
  });

  it("are followed across a cut, from the last version, and after 410 from a new list", async () => {
    start();
    await rig.until(() => api.watching("events"));
    api.send("events", "ADDED", event("ShutdownInitiated"));
    await rig.marker(1);
    api.cut("events");
    await rig.until(() => api.asked.includes(`/api/v1/namespaces/${NS}/events watch 101`) && api.watching("events"));
    api.items.events = [event("ShutdownInitiated"), event("AfterShutdownDelayDuration")];
    api.send("events", "ERROR", { kind: "Status", code: 410 });
    expect(await rig.marker(2)).toMatchObject({ marker: "delay.finished" });
    expect(api.asked.filter((path) => path.endsWith("/events"))).toHaveLength(2);
    expect(rig.markers).toHaveLength(2);
  });

  it("that may not be read are told about once, and stopping does not wait", async () => {
    api.refuse = 403;
    start();
    await rig.until(() => rig.notices.length >= 2);
    await rig.stop();
    expect(rig.notices.map(({ text }) => text).sort()).toEqual([
      `events of ${NS}: HTTP 403`,
      `pods of ${NS}: HTTP 403`,
    ]);
    expect(rig.markers).toEqual([]);
  });

  it("that make no sense are left out", async () => {
    start();
    await rig.until(() => api.watching("events"));
    const nonsense: Item[] = [
      {},
      { reason: 7, involvedObject: null, metadata: [] },
      event("ShutdownInitiated", { firstTimestamp: "yesterday", lastTimestamp: null, metadata: {} }),
      event("ShutdownInitiated", { involvedObject: { kind: "Pod", name: "etcd-master-1" } }),
    ];
    for (const each of nonsense) api.send("events", "ADDED", each);
    api.send("events", "ADDED", event("TerminationGracefulTerminationFinished"));
    expect(await rig.marker(1)).toMatchObject({ marker: "terminated" });
  });
});

describe("pods of API servers", () => {
  it("give their backend its names, and are markers when they change", async () => {
    api.items.pods = [pod({}), { metadata: { name: "installer-3" }, spec: { nodeName: "master-1", containers: [] } }];
    start();
    await rig.until(() => api.watching("pods"));
    const names = rig.of("backend.named").map(({ backend, alias, by }) => `${by}: ${backend} = ${alias}`);
    expect(names.sort()).toEqual([
      "option: master-0 = 10.0.0.5:6443",
      "pod: master-1 = 10.0.0.6:7443",
      "pod: master-1 = kube-apiserver-master-1",
    ]);
    const now = seconds(Date.now());
    api.send("pods", "MODIFIED", pod({ ready: "False", since: now }));
    api.send("pods", "MODIFIED", pod({ ready: "False", since: now, started: now, finished: now }));
    api.send("pods", "MODIFIED", pod({ started: now, finished: now, since: now }));
    await rig.marker(4);
    expect(rig.markers.map(({ source, backend, marker }) => `${source} ${backend} ${marker}`)).toEqual([
      "pod master-1 readyz.red",
      "pod master-1 process.gone",
      "pod master-1 process.started",
      "pod master-1 readyz.green",
    ]);
    expect(rig.markers[1]).toMatchObject({ saidAt: now.replace("Z", ".000000000Z"), resolutionNs: 1e9 });
  });
});
