import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProbe } from "../../src/index.js";
import { type KubeAccess, kubePath, loadKubeconfig } from "../../src/kube/index.js";
import { until } from "./until.js";
import { startWhoami, whoami } from "./whoami-server.js";
import { CANARY, leaf, Workshop } from "./workshop.js";

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open();
});
afterEach(() => shop[Symbol.dispose]());

async function load(fixture: string, serverUrl = "https://127.0.0.1:6443"): Promise<KubeAccess> {
  const file = shop.kubeconfig("valid", fixture, serverUrl);
  return loadKubeconfig({ file, env: {}, inCluster: false, onNotice: (notice) => shop.notices.push(notice) });
}

const kinds = (): string[] => shop.notices.map(({ kind }) => kind);

/** As kubelet does it: a new file beside the old one, then the symbolic link is swapped in one step. */
function swapKubeletCertificate(pem: string): void {
  const link = shop.path("pki/kubelet-client-current.pem");
  shop.write("pki/kubelet-client-2.pem", pem);
  symlinkSync(shop.path("pki/kubelet-client-2.pem"), `${link}.tmp`);
  renameSync(`${link}.tmp`, link);
}

describe("a client certificate that rotates on disk", () => {
  it.each(["wire", "node"] as const)(
    "is shown by the next connection, and the held one keeps the old (%s engine)",
    async (engine) => {
      await using server = await startWhoami(shop.server, shop.authority.pem, "insist");
      const access = await load("kubelet.yaml", server.url);
      const log = shop.path("run.jsonl");
      const probe = await createProbe({
        paths: [kubePath(access, { name: "vip" })],
        lanes: { held: { sessions: 1, streams: 2, ratePerSecond: 50 }, freshTls: { ratePerSecond: 20 } },
        engine,
        log,
      });
      await probe.settled();
      await until(() => server.requests.length >= 3 && server.handshakes.length >= 3);
      expect(new Set(server.handshakes)).toEqual(new Set(["client-one"]));

      const next = await shop.newClient("client-two");
      swapKubeletCertificate(`${next.cert}\n${next.key}`);
      await until(() => server.handshakes.filter((name) => name === "client-two").length >= 3);
      const seenBefore = server.requests.length;
      await until(() => server.requests.length >= seenBefore + 5);
      const summary = await probe.stop();

      // Nobody shows the old one again, and the held session was opened once.
      const firstNew = server.handshakes.indexOf("client-two");
      expect(new Set(server.handshakes.slice(firstNew + 1))).toEqual(new Set(["client-two"]));
      expect(new Set(server.requests.map(({ certificate }) => certificate))).toEqual(new Set(["client-one"]));
      expect(summary.requests.failed).toBe(0);
      expect(summary.connections.failed).toBe(0);
      expect(kinds()).toEqual(["rotated"]);
      expect(shop.notices[0]?.text).toMatch(
        /^client certificate changed: SHA-256 [0-9A-F:]{95}, valid until .* GMT; used/,
      );
      expect(shop.leaks(readFileSync(log, "utf8"))).toEqual([]);
    },
  );

  it("is one context until something changes", async () => {
    const access = await load("kubelet.yaml");
    const first = access.secureContext?.();
    for (let ask = 0; ask < 10; ask += 1) expect(access.secureContext?.()).toBe(first);
    // Touched, with the same text in it: nothing to tell.
    utimesSync(shop.path("pki/kubelet-client-1.pem"), new Date(), new Date());
    access.secureContext?.();
    expect(kinds()).toEqual([]);
  });

  it("is left alone while half of it is written, and that is told once", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem, "insist");
    const access = await load("kubelet.yaml", server.url);
    const first = access.secureContext?.();
    const { cert, key } = await shop.newClient("client-two");
    const whole = `${cert}\n${key}`;
    const file = shop.path("pki/kubelet-client-1.pem");
    const cuts = [0, cert.length / 2, cert.length, cert.length + key.length / 2].map(Math.trunc);
    for (const cut of cuts) {
      writeFileSync(file, whole.slice(0, cut));
      for (let ask = 0; ask < 3; ask += 1) expect(access.secureContext?.()).toBe(first);
      expect((await whoami(access, "/")).certificate).toBe("client-one");
    }
    expect(new Set(kinds())).toEqual(new Set(["unreadable"]));
    // Twice no certificate, twice no key: a text is told when it is another than the last.
    expect(shop.notices.map(({ text }) => text.replace(/^.*pem: |; .*$/g, ""))).toEqual([
      "it holds no complete PEM certificate",
      "it holds no complete PEM private key",
    ]);
    writeFileSync(file, whole);
    expect((await whoami(access, "/")).certificate).toBe("client-two");
    expect(kinds().at(-1)).toBe("rotated");
    expect(shop.leaks(JSON.stringify(shop.notices))).toEqual([]);
  });

  it("waits for the key, where certificate and key are two files", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem, "insist");
    const access = await load("files-relative.yaml", server.url);
    const next = await shop.newClient("client-two");
    shop.write("pki/client.crt", next.cert);
    expect((await whoami(access, "/")).certificate).toBe("client-one");
    expect(shop.notices[0]?.text).toContain("the key is not the certificate's");
    shop.write("pki/client.key", next.key);
    expect((await whoami(access, "/")).certificate).toBe("client-two");
    rmSync(shop.path("pki/client.key"));
    expect((await whoami(access, "/")).certificate).toBe("client-two");
    expect(kinds()).toEqual(["unreadable", "rotated", "unreadable"]);
  });

  it("is told when it has expired, and still shown", async () => {
    const old = await leaf(shop.authority, "client-old", "client", Date.now() - 3 * 86_400_000);
    shop.write("pki/client.crt", old.cert);
    shop.write("pki/client.key", old.key);
    const access = await load("files-relative.yaml");
    expect(kinds()).toEqual(["expired"]);
    access.secureContext?.();
    expect(kinds()).toEqual(["expired"]);
    expect(access.clientCertificate()?.cert).toContain("BEGIN CERTIFICATE");
  });
});

describe("a certificate authority that rotates", () => {
  it("decides about the next connection", async () => {
    using stranger = await Workshop.open("another CA");
    await using server = await startWhoami(stranger.server, stranger.authority.pem);
    const access = await load("files-relative.yaml", server.url);
    await expect(whoami(access, "/")).rejects.toThrow(/unable to verify|issuer certificate|self-signed/);
    shop.write("pki/ca.crt", `${shop.authority.pem}\n${stranger.authority.pem}`);
    expect(await whoami(access, "/")).toMatchObject({ path: "/" });
    shop.write("pki/ca.crt", "");
    expect(await whoami(access, "/")).toMatchObject({ path: "/" });
    expect(kinds()).toEqual(["rotated", "unreadable"]);
  });
});

describe("a token file that rotates", () => {
  it("is read again for the next connection; what is no token leaves the last one", async () => {
    const access = await load("token-file.yaml");
    const ask = (): string | undefined => access.token?.();
    const file = shop.path("pki/token");
    expect(ask()).toBe(shop.token);
    shop.write("pki/token", `second-${CANARY}\n`);
    expect([ask(), ask()]).toEqual([`second-${CANARY}`, `second-${CANARY}`]);
    for (const bad of ["", "\n\n", `two ${CANARY}`, Buffer.from([0xff, 0xfe])]) {
      shop.write("pki/token", bad);
      expect([ask(), ask()]).toEqual([`second-${CANARY}`, `second-${CANARY}`]);
    }
    rmSync(file);
    expect(ask()).toBe(`second-${CANARY}`);
    shop.write("pki/token", "third");
    expect(ask()).toBe("third");
    expect(kinds()).toEqual(["rotated", "unreadable", "unreadable", "unreadable", "unreadable", "rotated"]);
    expect(shop.leaks(JSON.stringify(shop.notices))).toEqual([]);
  });

  it("is in the next requests of a session that is open already, which would fail without it", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    const access = await load("token-file.yaml", server.url);
    const probe = await createProbe({
      paths: [kubePath(access, { name: "vip" })],
      lanes: { held: { sessions: 1, streams: 2, ratePerSecond: 50 } },
      log: shop.path("run.jsonl"),
    });
    await probe.settled();
    await until(() => server.requests.length >= 3);
    shop.write("pki/token", "second");
    await until(() => server.requests.at(-1)?.authorization === "Bearer second");
    const summary = await probe.stop();
    expect(server.handshakes).toHaveLength(1);
    expect(summary.requests.failed).toBe(0);
    access.close();
  });

  it("has the inline token behind it while it is not there", async () => {
    rmSync(shop.path("pki/token"));
    const access = await load("token-beside-token-file.yaml");
    expect(access.token?.()).toBe("inline-that-loses");
    shop.write("pki/token", "of-the-file");
    expect(access.token?.()).toBe("of-the-file");
    rmSync(shop.path("pki/token"));
    expect(access.token?.()).toBe("of-the-file");
  });

  it("may be swapped by its folder, as a pod's volumes are", async () => {
    const folder = shop.path("volume");
    for (const [name, token] of [
      ["one", "token-1"],
      ["two", "token-2"],
    ] as const) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "token"), token);
    }
    writeFileSync(join(folder, "ca.crt"), shop.authority.pem);
    symlinkSync("one", join(folder, "..data"));
    symlinkSync("..data/token", join(folder, "token"));
    const env = { HOME: shop.folder, KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
    const access = await loadKubeconfig({ env, inCluster: { folder } });
    expect(access.token?.()).toBe("token-1");
    symlinkSync("two", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    expect(access.token?.()).toBe("token-2");
  });
});
