import { chmodSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DrainprobeError } from "../../src/errors.js";
import { type KubeconfigOptions, loadKubeconfig } from "../../src/kube/index.js";
import { LIMITS } from "../../src/limits.js";
import { KUBECTL_MINOR, kubectl } from "./kubectl.js";
import { startWhoami, type WhoamiServer } from "./whoami-server.js";
import { CANARY, fixtures, fixtureText, Workshop } from "./workshop.js";

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

/** The error these options end with: one line, our class, no cause, no secret in anything that is printed of it. */
async function refusal(options: Partial<KubeconfigOptions>): Promise<string> {
  const env = { HOME: shop.folder, PATH: process.env.PATH };
  const error: unknown = await loadKubeconfig({ env, inCluster: false, ...options }).then(
    () => new Error("it was taken"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DrainprobeError)) throw error;
  expect(error.code).toBe("CREDENTIALS_UNREADABLE");
  expect(error.cause).toBe(undefined);
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(shop.leaks(`${error.stack} ${JSON.stringify(error)}`)).toEqual([]);
  return error.message;
}

/** The first line of a fixture: `# LINE KEY | a part of the text | kubectl takes it`, `-` where there is none. */
function wanted(name: string): { line: string; key: string; text: string; kubectl: string } {
  const [first = "", text = "", kubectl = ""] = (fixtureText("malformed", name).split("\n")[0] ?? "").split(" | ");
  const [, line = "", key = ""] = first.split(" ");
  return { line, key, text: text.trim(), kubectl };
}

describe("kubeconfigs that are malformed", () => {
  it.each(fixtures("malformed"))("%s: file, line, key, what, how to mend it", async (name) => {
    const file = shop.kubeconfig("malformed", name, server.url);
    const { line, key, text } = wanted(name);
    const message = await refusal({ file });
    const place = [line === "-" ? file : `${file}:${line}`, ...(key === "-" ? [] : [key])].join(": ");
    expect(message.startsWith(`${place}: `), message).toBe(true);
    expect(message).toContain(shop.fill(text, server.url));
    expect(message.slice(place.length)).toMatch(/^: \S.*; \S/);
  });

  it.each(fixtures("malformed"))("%s: a key that is there stands in the line that is named", (name) => {
    const { line, key, text } = wanted(name);
    if (line === "-" || key === "-" || text.includes("it is missing")) return;
    const cited = fixtureText("malformed", name).split("\n")[Number(line) - 1];
    expect(cited).toContain(
      key
        .replace(/\[\d+\]$/, "")
        .split(".")
        .at(-1),
    );
  });

  it.skipIf(KUBECTL_MINOR === null).each(fixtures("malformed"))("%s: kubectl's opinion is as noted", async (name) => {
    const file = shop.kubeconfig("malformed", name, server.url);
    const note = wanted(name).kubectl;
    // kubectl dropped v1alpha1 of exec plugins in 1.24 and took up v1 in 1.22: older ones have other opinions.
    if ((KUBECTL_MINOR ?? 0) < 24 && fixtureText("malformed", name).includes("k8s.io/v1")) return;
    const { code, stderr } = await kubectl(shop.folder, ["--kubeconfig", file, "get", "--raw", "/whoami"]);
    // What it takes, it may fail to connect with, or ask a name and password for. Where it reads no server it tries localhost:8080.
    const took = code === 0 || (/dial tcp|was refused|error: EOF/.test(stderr) && !stderr.includes("localhost:8080"));
    expect(took, `${code} ${JSON.stringify(stderr.slice(0, 300))}`).toBe(note === "kubectl takes it");
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["an empty file", "", /: it holds no clusters, users or contexts; /],
    ["a document without content", "---\n...\n", /: it holds no clusters, users or contexts; /],
    ["a file with NUL bytes", Buffer.from([0, 1, 2, 3, 0, 255]), /: it is not UTF-8 text; /],
    ["UTF-16", Buffer.from(`kind: Config\ntoken: ${CANARY}`, "utf16le"), /:1: /],
    ["Latin-1", Buffer.from("current-context: M\u00fcnchen", "latin1"), /: it is not UTF-8 text; /],
    ["very deep nesting", `a: ${"[".repeat(50_000)}`, /(nested too deeply|cannot be parsed|is missing)/],
    ["a file that is too large", Buffer.alloc(LIMITS.credentialFileBytes + 1, "#"), /: it is larger than \d+ bytes; /],
  ])("%s", async (_, content, expected) => {
    expect(await refusal({ file: shop.write("odd", content) })).toMatch(expected);
  });

  it("a file that is not there, and a folder", async () => {
    expect(await refusal({ file: shop.path("none") })).toBe(
      `${shop.path("none")}: there is no such file; check the path`,
    );
    expect(await refusal({ file: shop.path("pki") })).toBe(`${shop.path("pki")}: it is a folder; name the file in it`);
    expect(await refusal({ file: `${shop.path("pki/ca.crt")}/x` })).toContain("a part of its path is not a folder");
    expect(await refusal({ kubeletKubeconfig: shop.path("none") })).toContain("there is no such file");
  });

  it("a file this user may not read", async () => {
    const file = shop.kubeconfig("valid", "token.yaml", server.url);
    const message = await asNobody(file, () => refusal({ file }));
    expect(message).toBe(`${file}: this user may not read it; run as a user who may, or change its permissions`);
  });

  it("a named file of KUBECONFIG that is not there, and a context that is not", async () => {
    const env = { HOME: shop.folder, KUBECONFIG: shop.path("none") };
    expect(await refusal({ env })).toContain("there is no such file");
    const file = shop.kubeconfig("valid", "two-contexts.yaml", server.url);
    expect(await refusal({ file, context: "fi\nrst" })).toBe(
      `${file}: contexts: there is no context "fi rst"; there is "first", "second"`,
    );
  });

  it("none at all", async () => {
    expect(await refusal({ env: { HOME: shop.path("pki") } })).toMatch(
      /^found no kubeconfig: .*; give --kubeconfig FILE$/,
    );
  });

  it("any cut of a good one is taken or refused in one line, whatever is cut", async () => {
    const text = readFileSync(shop.kubeconfig("valid", "token-and-certificate.yaml", server.url), "utf8");
    let refused = 0;
    for (let length = 0; length < text.length; length += 1) {
      const file = shop.write("cut.yaml", text.slice(0, length));
      try {
        (await loadKubeconfig({ file, env: {}, inCluster: false })).close();
      } catch (error) {
        if (!(error instanceof DrainprobeError)) throw error;
        expect(error.message).not.toMatch(/\p{Cc}/u);
        expect(shop.leaks(error.message)).toEqual([]);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(text.length / 2);
  });
});

/** Root may read everything: so for a moment we are somebody else. The folder above has to let them in. */
async function asNobody<T>(file: string, run: () => Promise<T>): Promise<T> {
  chmodSync(shop.folder, 0o755);
  chmodSync(file, 0o000);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(file, 0o600);
  }
}
