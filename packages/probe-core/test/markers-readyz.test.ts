import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import type { KubeAccess } from "../src/kube/access.js";
import { pollReadyz } from "../src/kube/markers/readyz.js";
import { MarkerRig } from "./marker-rig.js";

const MS = 1e6;

/** An HTTPS server that answers `/readyz` with what it is told, and `/api` as an API server does. */
class Backend {
  status = 200;
  silent = false;
  port = 0;
  /** Connections accepted so far. */
  connections = 0;
  readonly asked: { path: string; authorization: string | undefined }[] = [];
  #server: Server | null = null;
  readonly #sockets = new Set<Duplex>();

  async open(port = 0, identity: "good" | "other" = "good"): Promise<void> {
    const all = await certificates();
    const { cert, key } = identity === "good" ? all.good : all.wrongName;
    this.#server = createServer({ cert, key }, (request, response) => {
      this.asked.push({ path: request.url ?? "", authorization: request.headers.authorization });
      if (this.silent) return;
      if (request.url === "/api") {
        response.end(
          JSON.stringify({ serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "10.0.0.5:6443" }] }),
        );
        return;
      }
      response.statusCode = this.status;
      response.end("[+]ping ok");
    });
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((done) => this.#server?.listen(port, "127.0.0.1", done));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends kept connections, as a server that restarts its listener does; nothing else. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((done) => server.close(done));
    this.cut();
    await closed;
  }
}

let rig: MarkerRig;
let backend: Backend;
beforeEach(() => {
  rig = new MarkerRig();
  backend = new Backend();
});
afterEach(async () => {
  await rig.stop();
  await backend.close();
});

async function access(change: Partial<KubeAccess> = {}): Promise<KubeAccess> {
  const context = createSecureContext({ ca: (await certificates()).ca });
  return {
    server: new URL("https://127.0.0.1:6443"),
    host: "localhost",
    port: 6443,
    serverName: null,
    verify: true,
    ca: () => null,
    clientCertificate: () => null,
    token: () => "s3cret-canary",
    secureContext: () => context,
    namespace: null,
    description: {
      server: "",
      serverName: null,
      verify: true,
      addressFrom: "",
      credentialsFrom: "",
      ca: "",
      authentication: [],
    },
    refused: () => {},
    close: () => {},
    ...change,
  };
}

async function poll(change: Partial<KubeAccess> = {}, name = "master-0"): Promise<void> {
  const options = { access: await access(change), host: "127.0.0.1", port: backend.port, backend: name };
  rig.run(pollReadyz({ ...options, everyNs: 5 * MS, timeoutNs: 300 * MS }, rig.deps));
}

describe("asking /readyz", () => {
  it("tells each change once, bounded by the last question with the old answer", async () => {
    await backend.open();
    await poll();
    expect(await rig.marker(1)).toMatchObject({
      source: "readyz",
      backend: "master-0",
      marker: "readyz.green",
      saidAt: null,
      detail: "first answer: HTTP 200",
    });
    await rig.round();
    const before = rig.clock.now();
    backend.status = 500;
    const red = await rig.marker(2);
    expect(red).toMatchObject({ marker: "readyz.red", detail: "HTTP 500" });
    // It turned red between these two: the marker's own interval must hold it.
    expect(red.t - red.u - red.resolutionNs).toBeLessThanOrEqual(rig.clock.now());
    expect(red.t).toBeGreaterThanOrEqual(before);
    expect(red.t - red.resolutionNs).toBeLessThan(red.t);
    await backend.close();
    expect(await rig.marker(3)).toMatchObject({ marker: "readyz.unreachable", detail: "ECONNREFUSED" });
    await backend.open(backend.port);
    expect(await rig.marker(4)).toMatchObject({ marker: "readyz.red" });
    backend.status = 200;
    expect(await rig.marker(5)).toMatchObject({ marker: "readyz.green" });
    await rig.round();
    expect(rig.markers).toHaveLength(5);
    expect(backend.asked.every(({ authorization }) => authorization === "Bearer s3cret-canary")).toBe(true);
    expect(JSON.stringify([rig.events, rig.notices])).not.toContain("canary");
  });

  it("learns the backend's other names: what /api says, and a certificate that names it", async () => {
    await backend.open();
    await poll();
    await rig.until(() => rig.of("backend.named").length >= 1 && rig.markers.length >= 1);
    await rig.round();
    expect(rig.of("backend.named")).toContainEqual(
      expect.objectContaining({ backend: "master-0", alias: "10.0.0.5:6443", by: "api" }),
    );
    expect(backend.asked.filter(({ path }) => path === "/api")).toHaveLength(1);
    // The certificate speaks for localhost and 127.0.0.1: for any host that is itself, and for none in particular.
    expect(rig.of("backend.named").filter(({ by }) => by === "certificate")).toEqual([]);
  });

  it("takes a certificate for a name of the backend that it speaks for", async () => {
    await backend.open();
    await poll({}, "testbed.internal");
    const named = await rig.until(() => rig.of("backend.named").find(({ by }) => by === "certificate"));
    expect(named).toMatchObject({ backend: "testbed.internal", alias: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("asks over one connection as long as the server keeps it", async () => {
    await backend.open();
    await poll();
    await rig.marker(1);
    await rig.round();
    await rig.round();
    expect(backend.asked.length).toBeGreaterThan(3);
    expect(backend.connections).toBe(1);
  });

  it("does not take the end of a kept connection for an answer", async () => {
    await backend.open();
    await poll();
    await rig.marker(1);
    for (let i = 0; i < 20; i += 1) {
      backend.cut();
      await rig.round();
    }
    expect(rig.markers).toHaveLength(1);
  });

  it("takes silence for an unreachable backend", async () => {
    await backend.open();
    await poll();
    await rig.marker(1);
    backend.silent = true;
    const marker = await rig.marker(2);
    expect(marker).toMatchObject({ marker: "readyz.unreachable", detail: "no answer in time" });
    expect(marker.resolutionNs).toBeGreaterThanOrEqual(300 * MS);
  });

  it.each([401, 403])("HTTP %i says nothing about the backend, and is told once", async (status) => {
    await backend.open();
    backend.status = status;
    await poll();
    await rig.until(() => rig.notices[0]);
    await rig.round();
    expect(rig.markers).toEqual([]);
    expect(rig.notices).toEqual([{ source: "readyz", text: `/readyz of master-0 tells nothing: HTTP ${status}` }]);
  });

  it("nor does a certificate that does not fit", async () => {
    await backend.open(0, "other");
    await poll();
    const notice = await rig.until(() => rig.notices[0]);
    expect(notice.text).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(rig.markers).toEqual([]);
  });

  it("nor a token that cannot be sent", async () => {
    await backend.open();
    await poll({ token: () => "two\nlines" });
    const notice = await rig.until(() => rig.notices[0]);
    expect(notice.text).toContain("ERR_INVALID_CHAR");
    expect(rig.markers).toEqual([]);
  });
});
