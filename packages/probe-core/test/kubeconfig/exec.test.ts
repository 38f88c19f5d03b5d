import { chmodSync, existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DrainprobeError } from "../../src/errors.js";
import { renewDelayMs } from "../../src/kube/credentials/exec-provider.js";
import { type KubeAccess, KubeApi, type KubeconfigOptions, loadKubeconfig } from "../../src/kube/index.js";
import { LIMITS } from "../../src/limits.js";
import { until } from "./until.js";
import { startWhoami, whoami } from "./whoami-server.js";
import { CANARY, Workshop } from "./workshop.js";

let shop: Workshop;
let access: KubeAccess | null = null;
beforeEach(async () => {
  shop = await Workshop.open();
});
afterEach(() => {
  access?.close();
  access = null;
  shop[Symbol.dispose]();
});

const env = (): NodeJS.ProcessEnv => ({ HOME: shop.folder, PATH: process.env.PATH });

async function load(more: Partial<KubeconfigOptions> = {}, serverUrl = "https://127.0.0.1:1"): Promise<KubeAccess> {
  const file = shop.kubeconfig("valid", "exec-v1.yaml", serverUrl);
  const onNotice = (notice: (typeof shop.notices)[number]): void => void shop.notices.push(notice);
  access = await loadKubeconfig({ file, env: env(), inCluster: false, onNotice, ...more });
  return access;
}

/** A plugin whose program ends with the `answer(status, more)` it is given. */
function plugin(code: string): void {
  shop.plugin(
    "bin/plugin",
    `const fs = require("node:fs");
const at = (name) => ${JSON.stringify(shop.folder)} + "/" + name;
const answer = (status, more = {}) => console.log(JSON.stringify({
  kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1", status, ...more,
}));
const inMs = (ms) => new Date(Date.now() + ms).toISOString();
const count = () => { const n = Number(fs.existsSync(at("runs")) ? fs.readFileSync(at("runs")) : 0) + 1; fs.writeFileSync(at("runs"), String(n)); return n; };
${code}`,
  );
}

async function refusal(more: Partial<KubeconfigOptions> = {}): Promise<string> {
  const error: unknown = await load(more).then(
    () => new Error("it was taken"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DrainprobeError)) throw error;
  expect(error.code).toBe("CREDENTIALS_UNREADABLE");
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(shop.leaks(`${error.stack} ${JSON.stringify(error)}`)).toEqual([]);
  const place = `${shop.path("exec-v1.yaml")}:17: users[0].user.exec: `;
  expect(error.message.startsWith(place), error.message).toBe(true);
  return error.message.slice(place.length);
}

describe("exec credentials", () => {
  it("are renewed before they expire, and the next connection has the new token", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    plugin("answer({ token: 'token-' + count(), expirationTimestamp: inMs(1500) });");
    await load({}, server.url);
    expect((await whoami(access!, "/")).authorization).toBe("Bearer token-1");
    const started = Date.now();
    await until(() => shop.notices.length > 0);
    expect(Date.now() - started).toBeLessThan(1_500 + 5_000);
    expect((await whoami(access!, "/")).authorization).toBe("Bearer token-2");
    expect(shop.notices).toEqual([{ kind: "rotated", text: "exec plugin: the token changed" }]);
  });

  it("may be client certificates, which change too", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem, "insist");
    const two = await shop.newClient("client-two");
    plugin(`const [one, two] = ${JSON.stringify([shop.client, two])};
const now = count() === 1 ? one : two;
answer({ clientCertificateData: now.cert, clientKeyData: now.key, expirationTimestamp: inMs(1500) });`);
    await load({}, server.url);
    expect(await whoami(access!, "/")).toMatchObject({ certificate: "client-one", authorization: null });
    const first = access?.secureContext?.();
    expect(access?.secureContext?.()).toBe(first);
    await until(() => access?.secureContext?.() !== first);
    expect((await whoami(access!, "/")).certificate).toBe("client-two");
    expect(shop.notices.map(({ kind }) => kind)).toEqual(["rotated"]);
  });

  it("serve on while the plugin fails, which is told once, and are renewed when it works again", async () => {
    plugin(`const run = count();
if (run === 2 || run === 3) { console.error("${CANARY}"); console.log("${CANARY}"); process.exit(7); }
answer({ token: "token-" + run, expirationTimestamp: inMs(1000) });`);
    await load();
    await until(() => readFileSync(shop.path("runs"), "utf8") === "3");
    expect(access?.token?.()).toBe("token-1");
    await until(() => access?.token?.() === "token-4");
    access?.close();
    expect(shop.notices.map(({ kind }) => kind)).toEqual(["unreadable", "rotated"]);
    expect(shop.notices[0]?.text).toContain("ended with exit code 7");
    expect(shop.leaks(JSON.stringify(shop.notices))).toEqual([]);
  });

  it("are asked for again when a server answers 401, whatever was said of their expiry, and not for each 401", async () => {
    await using server = await startWhoami(shop.server, shop.authority.pem);
    server.welcome = (authorization) => authorization === "Bearer token-2";
    plugin("answer({ token: 'token-' + count(), expirationTimestamp: inMs(3600_000) });");
    await load({}, server.url);
    const api = new KubeApi(access!);
    const answers = await Promise.all([1, 2, 3].map(() => api.ask({ path: "/api" })));
    expect(answers.map((answer) => answer.ok && answer.status)).toEqual([401, 401, 401]);
    await until(() => access?.token?.() === "token-2");
    expect(await api.ask({ path: "/api" })).toMatchObject({ ok: true, status: 200 });
    server.welcome = () => false;
    await api.ask({ path: "/api" });
    expect(readFileSync(shop.path("runs"), "utf8")).toBe("2");
  });

  it("that never expire are asked for once", async () => {
    plugin("answer({ token: 'token-' + count() });");
    await load();
    for (let ask = 0; ask < 5; ask += 1) expect(access?.token?.()).toBe("token-1");
    expect(readFileSync(shop.path("runs"), "utf8")).toBe("1");
  });

  it.each([
    [3_600_000, 3_300_000],
    [900_000, 720_000],
    [10_000, 8_000],
    [1_000, 800],
    [0, 250],
    [-5_000, 250],
  ])("with %d ms to live are renewed after %d ms", (lifeMs, delayMs) => {
    expect(renewDelayMs(lifeMs)).toBe(delayMs);
  });

  it("get no terminal, and know it", async () => {
    plugin(`const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
answer({ token: [info.spec.interactive, fs.readFileSync(0).length, process.env.PLUGIN_NOTE, process.env.SECRET_OF_OURS].join("-").replaceAll(" ", "_") });`);
    await load({ env: { ...env(), SECRET_OF_OURS: "inherited" } });
    expect(access?.token?.()).toBe("false-0-from_the_kubeconfig-inherited");
  });
});

describe("a plugin that fails", () => {
  const token = `"token-${CANARY}"`;
  it.each<[string, string, RegExp]>([
    ["prints no JSON", `console.log("${CANARY}")`, /^the plugin did not print a JSON object; /],
    ["prints nothing", "", /^the plugin did not print a JSON object; /],
    ["prints a list", `console.log('["${CANARY}"]')`, /^the plugin did not print a JSON object; /],
    ["prints another kind", `answer({ token: ${token} }, { kind: "Secret" })`, /did not print an ExecCredential; /],
    ["speaks another version", `answer({ token: ${token} }, { apiVersion: "v9" })`, /did not answer with client\.auth/],
    ["prints no status", "answer(undefined)", /printed no status; /],
    ["gives nothing", "answer({})", /printed neither a token nor a client certificate; /],
    ["gives a token that is a number", "answer({ token: 5 })", /token in the plugin's answer is not text; /],
    ["gives a token of two lines", `answer({ token: ${token} + "\\nx" })`, /the token holds blanks/],
    ["gives a certificate without key", 'answer({ clientCertificateData: "x" })', /lacks clientKeyData; /],
    ["gives a key without certificate", `answer({ clientKeyData: ${token} })`, /lacks clientCertificateData; /],
    [
      "gives no PEM",
      `answer({ clientCertificateData: ${token}, clientKeyData: "x" })`,
      /no complete PEM certificate; /,
    ],
    ["gives what has expired", `answer({ token: ${token}, expirationTimestamp: inMs(-1) })`, /has expired already; /],
    ["gives a time that is none", `answer({ token: ${token}, expirationTimestamp: "soon" })`, /not an RFC 3339 time; /],
    ["ends with a code", `console.error("${CANARY}"); process.exit(3)`, /"[^"]*plugin" ended with exit code 3; run /],
    ["is killed", 'process.kill(process.pid, "SIGKILL")', /ended with SIGKILL; /],
    [
      "prints without end",
      `setInterval(() => console.log("${CANARY}".repeat(10000)))`,
      /printed more than 1048576 bytes/,
    ],
  ])("%s", async (_, code, expected) => {
    plugin(code);
    expect(await refusal()).toMatch(expected);
    expect(LIMITS.execOutputBytes).toBe(1_048_576);
  });

  it("takes too long, and is ended with all that it started", async () => {
    plugin(`const { spawn } = require("node:child_process");
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
fs.writeFileSync(at("pids"), process.pid + " " + child.pid);
setInterval(() => {}, 1000);`);
    const refused = refusal({ execTimeoutMs: 2_000 });
    expect(await refused).toMatch(/did not end within 2000 ms; run ".*" by hand/);
    expect(existsSync(shop.path("pids"))).toBe(true);
    const pids = readFileSync(shop.path("pids"), "utf8").split(" ").map(Number);
    await until(() => pids.every((pid) => !isRunning(pid)));
  });

  it("is not executable", async () => {
    chmodSync(shop.path("bin/plugin"), 0o644);
    expect(await refusal()).toMatch(/cannot be started \(EACCES\); check its permissions$/);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and whose parent has not asked yet is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
