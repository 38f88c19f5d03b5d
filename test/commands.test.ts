import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificates, type RawServer, startRawServer } from "../packages/testbed/src/index.js";
import { ROOT, run } from "../scripts/lib/proc.mjs";

/** Everything a reader may copy a command from. */
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs")).map((file) => `docs/${file}`),
  ...["probe-core", "testbed", "cli"].map((name) => `packages/${name}/README.md`),
].filter((file) => file.endsWith(".md"));

const text = (page: string): string => readFileSync(join(ROOT, page), "utf8");
const blocks = (page: string, language: string): string[] =>
  [...text(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);

/** Lines of shell blocks, continued lines joined, comments and prompts left out. */
const shellLines = (page: string): string[] =>
  blocks(page, "(?:sh|bash|console)")
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) =>
      line
        .replace(/^\$ /, "")
        .replace(/\s+#.*$/, "")
        .trim(),
    )
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Commands of this repository that are named in running text or in tables. */
const inlineCommands = (page: string): string[] =>
  [...text(page).matchAll(/`((?:npm |node scripts\/|\.ci\/)[^`]*)`/g)].map((match) => match[1]!);

/** Exit codes of a command that did what it should: on a busy machine a run of a second is inconclusive. Misuse would be 2. */
const DONE = [0, 3];

/** A kubeconfig whose server does not exist: nothing listens on port 1. */
const NOBODY_HOME = `apiVersion: v1
kind: Config
clusters: [{ name: none, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: nobody, user: { token: not-a-secret } }]
contexts: [{ name: none, context: { cluster: none, user: nobody } }]
current-context: none
`;

const needsCluster = (line: string): boolean => /drainprobe (cleanup\b|run .*--(kubelet-)?kubeconfig )/.test(line);

const PLAYS = /^drainprobe lab (run|repeat|matrix)\b/;

const scripts: Record<string, string> = JSON.parse(text("package.json")).scripts;

/** What a page may tell a reader to install. */
const KNOWN_PACKAGES = ["drainprobe", "@drainprobe/core", "@drainprobe/testbed", "vitest"];

/** Pages whose programs and commands are run in their order, by snippets.test.ts. */
const STEP_BY_STEP = ["docs/getting-started.md", "docs/in-your-tests.md"];

/** Commands of the repository itself are run by `.ci/run`; here it is enough that there is such a thing. */
function expectToExist(command: string): void {
  // `SEEDS=100000 npm test …`: a variable in front of it.
  const [program = "", first = "", second = ""] = command.replace(/^(?:[A-Z]+=\S* )+/, "").split(" ");
  if (program === "npm" && first === "install") {
    const packages = command
      .split(" ")
      .slice(2)
      .filter((word) => !word.startsWith("-"));
    for (const name of packages) expect(KNOWN_PACKAGES, command).toContain(name);
  } else if (program === "npm" && first === "run") expect(scripts, command).toHaveProperty(second);
  // Asks the registry, which may have no answer: a step of a release.
  else if (program === "npm" && first === "audit") return;
  else if (program === "npm" && first === "test") expect(scripts, command).toHaveProperty("test");
  else if (program === "node" || program.startsWith(".ci/")) {
    expect(existsSync(join(ROOT, program === "node" ? first : program)), command).toBe(true);
  } else expect.fail(`nobody checks the command: ${command}`);
}

describe("commands of the repository", () => {
  const named = PAGES.flatMap((page) => inlineCommands(page).map((command) => [page, command] as const));
  it.each(named)("%s: %s", (_page, command) => expectToExist(command));
});

describe("commands and programs a reader may copy", () => {
  const folder = mkdtempSync(join(tmpdir(), "drainprobe-commands-"));
  let server: RawServer;

  beforeAll(async () => {
    const { ca, good, client } = await certificates();
    server = await startRawServer({ identity: good });
    const bin = join(folder, "node_modules", ".bin");
    const scope = join(folder, "node_modules", "@drainprobe");
    mkdirSync(bin, { recursive: true });
    mkdirSync(scope);
    symlinkSync(join(ROOT, "packages/cli/dist/bin.js"), join(bin, "drainprobe"));
    symlinkSync(join(ROOT, "packages/probe-core"), join(scope, "core"));
    symlinkSync(join(ROOT, "packages/testbed"), join(scope, "testbed"));
    for (const name of ["ca.pem", "ca.crt"]) writeFileSync(join(folder, name), ca);
    for (const name of ["client.pem", "client.crt", "tls.crt"]) writeFileSync(join(folder, name), client.cert);
    for (const name of ["client.key", "tls.key"]) writeFileSync(join(folder, name), client.key);
    const kubelet =
      'E0608 21:45:21.938909       1 a.go:17] Get "https://api:6443/x": read tcp 10.0.0.6:5->10.0.0.2:6443: read: connection reset by peer\n';
    for (const name of ["kubelet", "master-0", "master-1", "termination"]) {
      writeFileSync(join(folder, `${name}.log`), kubelet);
      writeFileSync(join(folder, `${name}.log.gz`), gzipSync(kubelet));
    }
    writeFileSync(join(folder, "token"), "not-a-secret\n");
    for (const name of ["admin.kubeconfig", "probe.kubeconfig"]) writeFileSync(join(folder, name), NOBODY_HOME);
    writeFileSync(join(folder, "probe.yaml"), `target: ${server.url}/version\nca: ca.pem\n`);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    const recorded = await sh(here("drainprobe run --target https://service.example/version --out run.jsonl"));
    expect(DONE, recorded.output).toContain(recorded.code);
    const packed = gzipSync(readFileSync(join(folder, "run.jsonl")));
    for (const name of ["run", "master-0", "master-1", "master-2"])
      writeFileSync(join(folder, `${name}.jsonl.gz`), packed);
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const sh = (line: string): ReturnType<typeof run> => {
    const path = `${join(folder, "node_modules", ".bin")}:${process.env.PATH}`;
    // Not the cluster of whoever runs the tests.
    const env = { ...process.env, PATH: path, KUBECONFIG: join(folder, "admin.kubeconfig") };
    return run("/bin/sh", ["-c", line], { cwd: folder, env, quiet: true });
  };

  /** A rollout takes minutes and has tests of its own: here it begins, says so, and is interrupted. */
  async function begun(line: string): Promise<Awaited<ReturnType<typeof run>>> {
    const [, ...words] = line.split(" ");
    const child = spawn(process.execPath, [join(ROOT, "packages/cli/dist/bin.js"), ...words], { cwd: folder });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Buffer) => {
        output += bytes;
      });
    child.stderr.once("data", () => child.kill("SIGINT"));
    const [code, signal] = await once(child, "close");
    // Interrupted before the first process was started: the signal itself is the answer.
    return { code: signal === "SIGINT" ? 3 : code, output, stdout: output };
  }

  /** The same command, for the server of this test and for a second only. Self-tests are listed, not played. */
  function here(line: string): string {
    const command = line.replace(/^npx (--no-install )?/, "");
    if (/^drainprobe selftest\b/.test(command) && !/\|/.test(command)) return `${command} --list`;
    if (/^drainprobe bench\b/.test(command)) {
      const few = command.replace(/--target \S+/, `--target ${server.url}`).replace(/ --count \S+/, "");
      return `${few} --count 5${/--ca /.test(few) ? "" : " --ca ca.pem"}`;
    }
    if (needsCluster(command)) return command.replace("/var/lib/kubelet/kubeconfig", "probe.kubeconfig");
    if (!/^drainprobe run\b/.test(command)) return command;
    const short = command
      .replaceAll(/http:\/\/[\w.-]+(:\d+)?/g, "https://$0")
      .replaceAll(/https:\/\/(\$0|[\w.-]+)(:\d+)?/g, server.url)
      .replaceAll(/--connect-to ((\w+=)?)\S+/g, `--connect-to $1127.0.0.1:${server.port}`)
      .replaceAll(/--server-name \S+/g, "--server-name testbed.internal")
      .replaceAll(/--duration \S+/g, "");
    const ca = /--(ca|config|insecure-skip-tls-verify)\b/.test(short) ? "" : " --ca ca.pem";
    const [program = "", ...rest] = short.split(" | ");
    return [`${program} --duration 1s --no-self-test${ca}`, ...rest].join(" | ");
  }

  const lines = PAGES.flatMap((page) =>
    shellLines(page)
      .filter((line) => !STEP_BY_STEP.includes(page) || line.startsWith("npm "))
      .map((line) => [page, line] as const),
  );
  const own = lines.filter(([, line]) => /^(npx )?drainprobe |\| drainprobe |^grep /.test(line));

  it.each(lines.filter((line) => !own.includes(line)))("%s: %s is a command of the repository", (_page, line) => {
    expectToExist(line);
  });

  const hasJq = spawnSync("jq", ["--version"]).error === undefined;

  it.for(own)("%s: %s", async ([, line], { skip }) => {
    skip(/\| jq /.test(line) && !hasJq, "there is no jq here");
    const out = /--out (\S+)/.exec(line)?.[1];
    if (out !== undefined) rmSync(join(folder, out), { force: true });
    const { code, output } = PLAYS.test(line) ? await begun(line) : await sh(here(line));
    if (needsCluster(line)) {
      // Everything was understood, and then nobody answered.
      expect({ code, output }).toEqual({ code: 2, output: expect.stringMatching(/ cannot be \w+: ECONNREFUSED$/m) });
      return;
    }
    // grep may find nothing (1).
    expect(/^grep/.test(line) ? [0, 1] : DONE, `${here(line)}\n${output}`).toContain(code);
  });

  it.each(blocks("README.md", "js").map((program, index) => [index + 1, program] as const))(
    "README.md: program %i runs and tells what happened",
    async (index, program) => {
      const file = join(folder, `program-${index}.js`);
      writeFileSync(file, program);
      const { code, output } = await run(process.execPath, [file], { cwd: folder, quiet: true });
      expect(code, output).toBe(0);
      expect(output).toMatch(/^fail: [1-9]\d* of \d+ requests failed/m);
      expect(output).toMatch(/^held (abrupt|reset) tcp\.\w+ \d+$/m);
    },
  );
});
