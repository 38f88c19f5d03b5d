import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "@drainprobe/core/kube";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readConfigFile } from "../src/config/config-file.js";
import { RUN_FLAGS } from "../src/flags/run-flags.js";
import { cli } from "./support/capture.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drainprobe-input-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  // Whatever was read: no object of this process has got anything of it.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBe(undefined);
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** Generous for a machine with much else to do; what blows up takes hours. */
const SOON_MS = 5_000;
async function soon<T>(work: () => T | Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  return result;
}

/** Nine lists of ten, each of the one before: a billion nodes, in a few hundred bytes. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, n) => {
    const inner = n === 0 ? '"lol"' : `*a${n - 1}`;
    return `a${n}: &a${n} [${Array.from({ length: 10 }, () => inner).join(",")}]`;
  });
  return `${levels.join("\n")}\n`;
}

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters:
- {name: a, cluster: {server: "https://10.0.0.2:6443"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: c, context: {cluster: a, user: u}}
current-context: c
`;

describe("YAML", () => {
  it("alias bombs are refused, or never unfolded, and soon", async () => {
    const path = file("bomb.yaml", `${bomb()}${KUBECONFIG}`);
    await soon(async () => {
      const access = await loadKubeconfig({ env: {}, file: path, onNotice: () => {} }).catch((error: Error) => error);
      if (access instanceof Error) expect(access.message).toMatch(/alias|bomb|too|unknown/i);
      else access.close();
    });
    await soon(() => expect(() => readConfigFile(file("bomb2.yaml", bomb()), RUN_FLAGS)).toThrow(/unknown key/));
    const within = `watch: [${bomb().split("\n")[0]?.slice(4)}]\n`;
    await soon(() => expect(() => readConfigFile(file("bomb3.yaml", within), RUN_FLAGS)).toThrow());
  });

  it("an alias of itself, and nesting without end, end as misuse", async () => {
    for (const text of [
      "a: &a\n  b: *a\n",
      `${"[".repeat(20_000)}\n`,
      `${"a: {".repeat(5_000)}\n`,
      "? &a [*a]\n: 1\n",
    ]) {
      await soon(() => expect(() => readConfigFile(file("deep.yaml", text), RUN_FLAGS)).toThrow());
      const answer = soon(() => loadKubeconfig({ env: {}, file: file("deep2.yaml", text), onNotice: () => {} }));
      await expect(answer).rejects.toThrow();
    }
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "a key %s is a key like any other",
    async (key) => {
      expect(() => readConfigFile(file("proto.yaml", `${key}: {polluted: true}\n`), RUN_FLAGS)).toThrow(
        new RegExp(`unknown key "${key}"`),
      );
      const text = KUBECONFIG.replace("{token: t}", `{token: t, ${key}: {polluted: true}}`).replace(
        "clusters:",
        `${key}: {polluted: true}\nclusters:`,
      );
      const access = await loadKubeconfig({ env: {}, file: file("proto2.yaml", text), onNotice: () => {} });
      access.close();
      const named = KUBECONFIG.replaceAll("name: a,", `name: ${key},`).replace("cluster: a,", `cluster: ${key},`);
      (await loadKubeconfig({ env: {}, file: file("proto3.yaml", named), onNotice: () => {} })).close();
      const missing = KUBECONFIG.replace("cluster: a,", `cluster: ${key},`);
      await expect(
        loadKubeconfig({ env: {}, file: file("proto4.yaml", missing), onNotice: () => {} }),
      ).rejects.toThrow();
    },
  );
});

describe("JSON lines", () => {
  const header =
    '{"kind":"run.header","format":1,"run":"r","node":"n","reference":{"monotonicEpochNs":"0","wall":"2026-01-01T00:00:00.000000000Z","wallErrorNs":0,"kernelDelayNs":0},"config":{"__proto__":{"polluted":1}},"versions":{"__proto__":"1"},"addresses":[],"lanes":[{"path":"__proto__","lane":"constructor","url":"valueOf"}]}';
  const evil = [
    '{"__proto__":{"polluted":true},"kind":"run.mark","name":"x","seq":1,"t":1,"u":0}',
    '{"kind":"constructor","seq":2,"t":2,"u":0,"prototype":{"polluted":true}}',
    '{"kind":"tcp.connect.started","seq":3,"t":3,"u":0,"conn":1,"path":"__proto__","lane":"toString","remote":"x","intended":null}',
    '{"kind":"request.sent","seq":4,"t":4,"u":0,"request":1,"conn":1,"stream":1,"path":"__proto__","lane":"constructor","method":"hasOwnProperty","url":"x","intended":4}',
    '{"kind":"backend.identified","seq":5,"t":5,"u":0,"conn":1,"backend":"__proto__","by":"x"}',
    '{"kind":"tcp.fin.received","seq":6,"t":6,"u":0,"conn":1,"bytesRead":1}',
    '{"kind":"run.footer","t":7,"events":6,"scheduled":{"__proto__":1,"constructor/valueOf":2},"drops":{"__proto__":5},"reason":"duration"}',
  ];

  it("names of Object's own are paths, lanes and drops like any other", async () => {
    const path = file("proto.jsonl", `${[header, ...evil].join("\n")}\n`);
    const { code, stdout } = await cli(["report", "--json", path]);
    expect([1, 3]).toContain(code);
    expect(JSON.parse(stdout).paths[0].path).toBe("__proto__");
    const html = join(folder, "proto.html");
    const page = await cli(["report", "--html", html, path]);
    expect([1, 3], page.stderr).toContain(page.code);
  });

  it("a megabyte where a word belongs, and nesting without end, are no records", async () => {
    const long = `{"kind":"run.mark","name":"${"x".repeat(1 << 20)}","seq":1,"t":1,"u":0}`;
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const path = file("long.jsonl", `${[header, long, deep].join("\n")}\n`);
    const { stderr } = await soon(() => cli(["report", path]));
    expect(stderr).toContain("not a record: a text of more than 16384 characters");
  });
});

describe("regular expressions", () => {
  const shapes = [
    (n: number) => "1".repeat(n),
    (n: number) => `${"1.".repeat(n)}x`,
    (n: number) => `I0101 00:00:00.000000 ${" ".repeat(n)}`,
    (n: number) => `I0101 00:00:00.000000 1 ${"a:".repeat(n)}`,
    (n: number) => `E0101 00:00:00.000000 1 a.go:1] ${"read tcp ".repeat(n)}`,
    (n: number) => `E0101 00:00:00.000000 1 a.go:1] Get "${"\\".repeat(n)}`,
    (n: number) => `E0101 00:00:00.000000 1 a.go:1] ${"10.0.0.1:".repeat(n)}->${"[::".repeat(n)}`,
    (n: number) => `{"ts":"${"2".repeat(n)}","msg":"${"x ".repeat(n)}`,
    (n: number) => `${"2026-01-01T".repeat(n)}`,
    (n: number) => `http2: server sent GOAWAY and closed the connection; ${"LastStreamID=".repeat(n)}`,
    (n: number) => "\t".repeat(n),
  ];

  it("of the log explainer take time in proportion to what they read", async () => {
    const text = shapes.map((shape) => shape(30_000)).join("\n");
    const { code } = await soon(() => cli(["explain", file("slow.log", `${text}\n`)]));
    expect([0, 1, 3]).toContain(code);
  });

  it("of the command line do, too", async () => {
    for (const value of [
      `${"1".repeat(50_000)}`,
      `${"1s".repeat(50_000)}x`,
      `${"1.1".repeat(20_000)}s`,
      `${"a".repeat(50_000)}=`,
    ]) {
      await soon(() => cli(["run", "--target", "https://a:1", "--duration", value]));
      await soon(() => cli(["run", "--target", value]));
      await soon(() => cli(["run", "--path", value]));
      await soon(() => cli(["run", "--target", "https://a:1", "--request", value]));
      await soon(() => cli(["run", "--target", "https://a:1", "--max-log-size", value]));
    }
  });
});
