import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProbe } from "../../src/index.js";
import { kubePath, loadKubeconfig } from "../../src/kube/index.js";
import { until } from "./until.js";
import { startWhoami, whoami } from "./whoami-server.js";
import { CANARY, Workshop } from "./workshop.js";

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open();
});
afterEach(() => shop[Symbol.dispose]());

function serviceAccountFolder(): string {
  const folder = shop.path("serviceaccount");
  mkdirSync(folder);
  shop.write("serviceaccount/token", `sa-${CANARY}\n`);
  shop.write("serviceaccount/ca.crt", shop.authority.pem);
  shop.write("serviceaccount/namespace", "drainprobe\n");
  return folder;
}

const inPod = (host: string, port: string | number): NodeJS.ProcessEnv => ({
  HOME: shop.folder,
  KUBERNETES_SERVICE_HOST: host,
  KUBERNETES_SERVICE_PORT: String(port),
});

describe("the service account of a pod", () => {
  it("is used where there is no kubeconfig", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    const folder = serviceAccountFolder();
    const access = await loadKubeconfig({ env: inPod("127.0.0.1", server.port), inCluster: { folder } });
    expect(await whoami(access, "/")).toMatchObject({ authorization: `Bearer sa-${CANARY}`, certificate: null });
    expect(access).toMatchObject({ host: "127.0.0.1", port: server.port, namespace: "drainprobe", verify: true });
    expect(access.description).toEqual({
      server: `${server.url}/`,
      serverName: null,
      verify: true,
      addressFrom: `service account in ${folder}`,
      credentialsFrom: `service account in ${folder}`,
      ca: `in ${folder}/ca.crt`,
      authentication: [`token, in ${folder}/token`],
    });
  });

  it("knows IPv6", async () => {
    const access = await loadKubeconfig({ env: inPod("fd00::1", 443), inCluster: { folder: serviceAccountFolder() } });
    expect([access.server.href, access.host, access.port]).toEqual(["https://[fd00::1]/", "fd00::1", 443]);
  });

  it("comes after ~/.kube/config, and after KUBECONFIG", async () => {
    const folder = serviceAccountFolder();
    const text = readFileSync(shop.kubeconfig("valid", "token.yaml", "https://127.0.0.1:1"), "utf8");
    mkdirSync(shop.path(".kube"));
    shop.write(".kube/config", text);
    const home = await loadKubeconfig({ env: inPod("10.96.0.1", 443), inCluster: { folder } });
    expect(home.token?.()).toBe(shop.token);
    const file = shop.write("other.yaml", text.replace(shop.token, "of-the-variable"));
    const env = { ...inPod("10.96.0.1", 443), KUBECONFIG: file };
    expect((await loadKubeconfig({ env, inCluster: { folder } })).token?.()).toBe("of-the-variable");
  });

  it.each<[string, () => void, RegExp]>([
    ["without ca.crt", () => rmSync(shop.path("serviceaccount/ca.crt")), /ca\.crt: there is no such file/],
    ["with an empty token", () => void shop.write("serviceaccount/token", ""), /token: it holds no token/],
    ["without token", () => rmSync(shop.path("serviceaccount/token")), /^found no kubeconfig/],
  ])("%s is refused", async (_, damage, expected) => {
    const folder = serviceAccountFolder();
    damage();
    await expect(loadKubeconfig({ env: inPod("10.96.0.1", 443), inCluster: { folder } })).rejects.toThrow(expected);
  });

  it("with an address that is none is refused", async () => {
    const inCluster = { folder: serviceAccountFolder() };
    await expect(loadKubeconfig({ env: inPod("a b", 443), inCluster })).rejects.toThrow(/not a host and a port/);
    await expect(loadKubeconfig({ env: inPod("10.0.0.1", "tcp"), inCluster })).rejects.toThrow(/not a host and a port/);
  });
});

describe("--kubelet-kubeconfig", () => {
  it("gives the address, and nothing else", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    const file = shop.kubeconfig("valid", "token.yaml", "https://192.0.2.1:6443");
    const kubeletKubeconfig = shop.kubeconfig("valid", "kubelet.yaml", server.url);
    const access = await loadKubeconfig({ file, kubeletKubeconfig, env: {} });
    expect(await whoami(access, "/")).toMatchObject({ authorization: `Bearer ${shop.token}`, certificate: null });
    expect(access.description.addressFrom).toBe(`${kubeletKubeconfig}, context "default-context"`);
    expect(access.description.credentialsFrom).toBe(`${file}, context "c"`);
  });

  it("gives the address to a service account, too", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    const kubeletKubeconfig = shop.kubeconfig("valid", "kubelet.yaml", server.url);
    const inCluster = { folder: serviceAccountFolder() };
    const access = await loadKubeconfig({ kubeletKubeconfig, inCluster, env: inPod("192.0.2.1", 443) });
    expect(await whoami(access, "/")).toMatchObject({ authorization: `Bearer sa-${CANARY}`, certificate: null });
  });

  it("gives everything where there is nothing else", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem, "insist");
    const kubeletKubeconfig = shop.kubeconfig("valid", "kubelet.yaml", server.url);
    const access = await loadKubeconfig({ kubeletKubeconfig, env: { HOME: shop.folder }, inCluster: false });
    expect(await whoami(access, "/")).toMatchObject({ authorization: null, certificate: "client-one" });
    expect(access.namespace).toBe("default");
  });
});

describe("kubePath", () => {
  it("reaches another backend with the kubeconfig's names and rights, and writes down no secret", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    // Nobody listens there: only connectTo leads to the server.
    const file = shop.kubeconfig("valid", "token-and-certificate.yaml", "https://testbed.internal:6443/prefix/");
    const access = await loadKubeconfig({ file, env: {} });
    const path = kubePath(access, { name: "local", connectTo: `127.0.0.1:${server.port}` });
    expect(path).toMatchObject({ name: "local", url: "https://testbed.internal:6443/prefix/version", verify: true });
    const log = shop.path("run.jsonl");
    const probe = await createProbe({
      paths: [path],
      lanes: { held: { sessions: 1, streams: 1, ratePerSecond: 50 }, freshH2: { ratePerSecond: 20 } },
      log,
    });
    await probe.settled();
    await until(() => server.requests.length >= 5);
    const summary = await probe.stop();
    expect(summary.requests.failed).toBe(0);
    expect(server.requests[0]).toEqual({
      path: "/prefix/version",
      authorization: `Bearer ${shop.token}`,
      certificate: "client-one",
      sni: "testbed.internal",
    });
    const text = readFileSync(log, "utf8");
    expect(shop.leaks(text + JSON.stringify([summary, access.description]))).toEqual([]);
    expect(text).toContain('"secureContext":"set","token":"set"');
  });

  it("follows verify and the server name", async () => {
    const url = "https://127.0.0.1:1";
    const named = await loadKubeconfig({ file: shop.kubeconfig("valid", "server-name.yaml", url), env: {} });
    expect(kubePath(named, { name: "vip", request: "/readyz" })).toMatchObject({
      url: `${url}/readyz`,
      serverName: "testbed.internal",
    });
    const insecure = await loadKubeconfig({ file: shop.kubeconfig("valid", "insecure.yaml", url), env: {} });
    expect(kubePath(insecure, { name: "vip" }).verify).toBe(false);
  });
});
