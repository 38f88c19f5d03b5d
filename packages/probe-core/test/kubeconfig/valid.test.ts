import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KubeAccess, type KubeconfigOptions, loadKubeconfig } from "../../src/kube/index.js";
import { KUBECTL_MINOR, kubectl } from "./kubectl.js";
import { startWhoami, type WhoamiServer, whoami } from "./whoami-server.js";
import { fixtures, Workshop } from "./workshop.js";

let shop: Workshop;
let server: WhoamiServer;
beforeAll(async () => {
  shop = await Workshop.open();
  server = await startWhoami(shop.server, shop.authority.pem);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  shop?.[Symbol.dispose]();
});

if (KUBECTL_MINOR === null) console.log("kubectl is not here: kubeconfigs are read, and not compared with its reading");

async function load(options: Partial<KubeconfigOptions>): Promise<KubeAccess> {
  const env = { HOME: shop.folder, PATH: process.env.PATH };
  return loadKubeconfig({ env, inCluster: false, onNotice: (notice) => shop.notices.push(notice), ...options });
}

/** What kubectl's `config view --raw --minify -o json` shows, as far as it matters here. */
interface View {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, unknown>> }[] | null;
  readonly contexts: readonly { readonly context: Readonly<Record<string, unknown>> }[] | null;
  readonly users: readonly { readonly user: Readonly<Record<string, unknown>> }[] | null;
}

/** The same facts out of kubectl's reading. Files are read here by themselves, relative to the kubeconfig. */
function expected(view: View, file: string): Readonly<Record<string, unknown>> {
  const cluster = view.clusters?.[0]?.cluster ?? {};
  const user = view.users?.[0]?.user ?? {};
  const content = (from: Readonly<Record<string, unknown>>, key: string): string | null => {
    const data = from[`${key}-data`];
    if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString();
    const path = from[key];
    return typeof path === "string" ? readFileSync(resolve(dirname(file), path), "utf8") : null;
  };
  const token = content(user, "tokenFile") ?? user.token;
  return {
    server: new URL(String(cluster.server)).href,
    serverName: cluster["tls-server-name"] ?? null,
    verify: cluster["insecure-skip-tls-verify"] !== true,
    namespace: view.contexts?.[0]?.context.namespace ?? null,
    ca: blocks(content(cluster, "certificate-authority")),
    cert: blocks(content(user, "client-certificate")),
    token: typeof token === "string" ? token.trim() : null,
    exec: user.exec !== undefined,
  };
}

function actual(access: KubeAccess): Readonly<Record<string, unknown>> {
  const exec = access.description.authentication.some((way) => way.startsWith("exec"));
  return {
    server: access.server.href,
    serverName: access.serverName,
    verify: access.verify,
    namespace: access.namespace,
    ca: blocks(access.ca()),
    cert: exec ? null : blocks(access.clientCertificate()?.cert ?? null),
    token: exec ? null : (access.token?.() ?? null),
    exec,
  };
}

function blocks(pem: string | null): readonly string[] | null {
  return pem?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? null;
}

async function compareWithKubectl(
  access: KubeAccess,
  file: string,
  env: NodeJS.ProcessEnv,
  args: string[],
): Promise<void> {
  if (KUBECTL_MINOR === null) return;
  const view = await kubectl(shop.folder, [...args, "config", "view", "--raw", "--minify", "-o", "json"], env);
  expect(view.code, view.stderr).toBe(0);
  expect(actual(access)).toEqual(expected(JSON.parse(view.stdout) as View, file));
  // kubectl 1.20 and 1.21 do not speak the v1 of exec plugins.
  if (KUBECTL_MINOR < 22 && readFileSync(file, "utf8").includes("client.authentication.k8s.io/v1\n")) return;
  // Without credentials kubectl asks for a user name and sends nothing.
  if (access.description.authentication[0] === "anonymous") return;
  const raw = await kubectl(shop.folder, [...args, "get", "--raw", "/whoami"], env);
  expect(raw.code, raw.stderr).toBe(0);
  expect(await whoami(access, "/whoami")).toEqual(JSON.parse(raw.stdout));
}

describe("kubeconfigs that are good", () => {
  it.each(fixtures("valid"))("%s is read as kubectl reads it, and the server sees the same client", async (name) => {
    const file = shop.kubeconfig("valid", name, server.url);
    const access = await load({ file });
    await compareWithKubectl(access, file, {}, ["--kubeconfig", file]);
    expect(await whoami(access, "/")).toMatchObject({ path: "/" });
    expect(shop.leaks(JSON.stringify([access.description, shop.notices]))).toEqual([]);
    access.close();
  });

  it.each(["\ufeff", ""])("with and without BOM, with line ends of Windows (%j)", async (bom) => {
    const text = shop.fill(
      readFileSync(shop.kubeconfig("valid", "files-relative.yaml", server.url), "utf8"),
      server.url,
    );
    const file = shop.write("windows.yaml", bom + text.replace(/\n/g, "\r\n"));
    const access = await load({ file });
    await compareWithKubectl(access, file, {}, ["--kubeconfig", file]);
  });

  it("chooses the context it is told", async () => {
    const file = shop.kubeconfig("valid", "two-contexts.yaml", server.url);
    const access = await load({ file, context: "first" });
    await compareWithKubectl(access, file, {}, ["--kubeconfig", file, "--context", "first"]);
    expect(access.token?.()).toBe("token-of-one");
    expect(access.description.credentialsFrom).toBe(`${file}, context "first"`);
  });

  it("tells keys that mean nothing, and shows none that may be a secret", async () => {
    shop.notices.length = 0;
    const file = shop.kubeconfig("valid", "unknown-keys.yaml", server.url);
    (await load({ file })).close();
    expect(shop.notices.map(({ text }) => text)).toEqual([
      `${file}:13: contexts[0].context: a key that means nothing here is ignored`,
      `${file}:10: clusters[0].cluster.certificate_authority: this key is ignored; write certificate-authority`,
      `${file}:21: users[0].user.tokenfile: this key is ignored; write tokenFile`,
    ]);
  });

  it("sends nothing over http:, as kubectl does", async () => {
    const text = readFileSync(shop.kubeconfig("valid", "token-and-certificate.yaml", server.url), "utf8");
    const access = await load({ file: shop.write("plain.yaml", text.replace("https:", "http:")) });
    expect([access.token, access.clientCertificate(), access.secureContext, access.port]).toEqual([
      null,
      null,
      null,
      server.port,
    ]);
    expect(access.description.authentication).toEqual(["none, because the server is http:"]);
  });
});

describe.skipIf(KUBECTL_MINOR === null)("kubeconfigs written by kubectl", () => {
  const cluster = ["set-cluster", "c", "--certificate-authority=CA", "--server=SERVER"];
  const context = ["set-context", "x", "--cluster=c", "--user=u", "--namespace=kube-system"];
  const cases: [string, string[][]][] = [
    [
      "certificates in files",
      [cluster, context, ["set-credentials", "u", "--client-certificate=CERT", "--client-key=KEY"]],
    ],
    [
      "certificates embedded",
      [
        [...cluster, "--embed-certs=true"],
        context,
        ["set-credentials", "u", "--client-certificate=CERT", "--client-key=KEY", "--embed-certs=true"],
      ],
    ],
    [
      "a token and a server name",
      [[...cluster, "--tls-server-name=testbed.internal"], context, ["set-credentials", "u", "--token=TOKEN"]],
    ],
    [
      "no verification",
      [
        ["set-cluster", "c", "--insecure-skip-tls-verify=true", "--server=SERVER"],
        context,
        ["set-credentials", "u", "--token=TOKEN"],
      ],
    ],
    [
      "an exec plugin",
      [
        cluster,
        context,
        [
          "set-credentials",
          "u",
          "--exec-api-version=client.authentication.k8s.io/v1beta1",
          "--exec-command=PLUGIN",
          "--exec-arg=one,two",
          "--exec-env=PLUGIN_NOTE=by kubectl",
        ],
      ],
    ],
  ];
  it.each(cases)("with %s", async (name, steps) => {
    // Debian's kubectl 1.20 ends in a panic when it has to make a new user.
    const users = "users: [{name: u, user: {}}]";
    const file = shop.write(`written ${name}.yaml`, `apiVersion: v1\nkind: Config\n${users}\n`);
    const values: Readonly<Record<string, string>> = {
      CA: shop.path("pki/ca.crt"),
      CERT: shop.path("pki/client.crt"),
      KEY: shop.path("pki/client.key"),
      PLUGIN: shop.path("bin/plugin"),
      SERVER: server.url,
      TOKEN: shop.token,
    };
    for (const step of [...steps, ["use-context", "x"]]) {
      const args = step.map((arg) => arg.replace(/=([A-Z]+)$/, (whole, mark: string) => `=${values[mark] ?? whole}`));
      const { code, stderr } = await kubectl(shop.folder, ["--kubeconfig", file, "config", ...args]);
      expect(code, stderr).toBe(0);
    }
    const access = await load({ file });
    await compareWithKubectl(access, file, {}, ["--kubeconfig", file]);
    expect(access.namespace).toBe("kube-system");
    access.close();
  });
});

describe("KUBECONFIG", () => {
  const parts = (): string[] => {
    const common = "apiVersion: v1\nkind: Config\n";
    const one = `${common}current-context: ""
contexts: [{name: a, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: first-wins}}]
`;
    const two = `${common}current-context: a
clusters: [{name: c, cluster: {server: "@SERVER@", certificate-authority: pki/ca.crt}}]
contexts: [{name: b, context: {cluster: c, user: u, namespace: of-b}}]
users: [{name: u, user: {token: second-loses}}]
`;
    const three = `${common}current-context: b\nclusters: [{name: c, cluster: {server: "https://192.0.2.1"}}]\n`;
    return [one, two, three].map((text, index) => shop.write(`part-${index}.yaml`, shop.fill(text, server.url)));
  };

  it("merges its files as kubectl does: the first that names something wins", async () => {
    const [one, two, three] = parts() as [string, string, string];
    const KUBECONFIG = ["", one, shop.path("missing.yaml"), two, one, three, ""].join(":");
    const env = { HOME: shop.folder, PATH: process.env.PATH, KUBECONFIG };
    const access = await load({ env });
    expect(access.token?.()).toBe("first-wins");
    await compareWithKubectl(access, two, { KUBECONFIG }, []);
    const other = await load({ env, context: "b" });
    await compareWithKubectl(other, two, { KUBECONFIG }, ["--context", "b"]);
  });

  it("is overruled by --kubeconfig, and overrules ~/.kube/config", async () => {
    const file = shop.kubeconfig("valid", "token.yaml", server.url);
    const [, two] = parts() as [string, string];
    const access = await load({ file, env: { HOME: shop.folder, KUBECONFIG: two } });
    expect(access.token?.()).toBe(shop.token);
  });
});
