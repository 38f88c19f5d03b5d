import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cliPage } from "../src/docs-page.js";
import { kebab } from "../src/flags/flag.js";
import { RUN_FLAGS } from "../src/flags/run-flags.js";
import { PAGES } from "../src/pages.js";
import { cli } from "./support/capture.js";

const folder = mkdtempSync(join(tmpdir(), "drainprobe-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const T = ["--target", "https://127.0.0.1:6443"];
const exists = file("exists.jsonl", "");
const noPem = file("no.pem", "SECRET-ABC");
const emptyToken = file("empty.token", "\n");

/** What was typed, and what the one line must say of it. */
const NONSENSE: readonly (readonly [readonly string[], RegExp])[] = [
  [["run"], /nothing to probe: give --target URL/],
  [["rn"], /unknown command "rn": did you mean "run"\?/],
  [["frobnicate"], /unknown command "frobnicate": there is run, report, /],
  [["run", "--taget", "x"], /unknown flag --taget: did you mean --target\?/],
  [["run", "--matrix", ...T], /unknown flag --matrix: it belongs to drainprobe selftest/],
  [["run", "--zzzzzzzzzz"], /unknown flag --zzzzzzzzzz: see drainprobe run --help/],
  [["run", "https://h"], /run takes no argument but flags/],
  [["run", "--target"], /--target wants a value/],
  [["run", "--target", "--json"], /--target wants a value, but --json follows it/],
  [["run", "--target", "localhost:6443"], /--target "localhost:6443": not a URL: write it with its scheme/],
  [["run", "--target", "ftp://h"], /--target "ftp:\/\/h": ftp:\/\/ is not spoken here/],
  [["run", "--target", "https://me:hunter2@h"], /--target \(a URL with credentials\): user and password do not belong/],
  [["run", ...T, "--path", "a=https://h"], /--target and --path exclude each other/],
  [["run", "--path", "a=https://h", "--path", "a=https://i"], /two paths are named "a"/],
  [["run", "--path", "https://h"], /--path "https:\/\/h": no name: write NAME=URL/],
  [["run", ...T, "--connect-to", "localhost:1"], /--connect-to "localhost:1": not an address/],
  [["run", ...T, "--connect-to", "b=10.0.0.2:1"], /no path has that name; there is target/],
  [
    ["run", "--path", "a=https://h", "--path", "b=https://h", "--connect-to", "10.0.0.2:1"],
    /say for which path: a=10\.0\.0\.2:1/,
  ],
  [["run", ...T, "--request", "version"], /--request "version": not a request/],
  [["run", ...T, "--request", "GET /x {}"], /GET takes no body/],
  [["run", ...T, "--rate", "fast"], /--rate "fast": not a rate/],
  [["run", ...T, "--rate", "-1"], /--rate "-1": not a rate/],
  [["run", ...T, "--sessions", "1.5"], /--sessions "1\.5": not a whole number/],
  [["run", ...T, "--sessions", "5001"], /--sessions "5001": out of range: from 0 to 5000/],
  [["run", ...T, "--streams", "0"], /--streams "0": out of range/],
  [["run", ...T, "--duration", "30"], /--duration "30": a duration needs a unit: write 30s or 30ms/],
  [["run", ...T, "--duration", "soon"], /--duration "soon": not a duration/],
  [["run", ...T, "--duration", "0s"], /--duration "0s": too short: at least 10ms/],
  [["run", ...T, "--ping-interval", "1ms"], /--ping-interval "1ms": too short/],
  [["run", ...T, "--engine", "curl"], /--engine "curl": not one of: wire, node/],
  [["run", ...T, "--sessions", "0"], /nothing to do: every lane is switched off/],
  [["run", "--target", "http://h", "--fresh-tls", "1"], /--fresh-tls: http:\/\/h\/ has no TLS/],
  [["run", ...T, "--max-unsafe", "few"], /--max-unsafe "few": not a whole number/],
  [["run", ...T, "--watch", "pods"], /--watch "pods": not a path: it begins with \//],
  [["run", ...T, "--cert", noPem], /--cert wants its private key: add --key FILE/],
  [["run", ...T, "--ca", join(folder, "none.pem")], /--ca .*none\.pem: no such file/],
  [["run", ...T, "--ca", folder], /--ca .*: that is a folder/],
  [["run", ...T, "--ca", noPem], /--ca .*no\.pem: holds no PEM certificate/],
  [["run", ...T, "--token-file", emptyToken], /--token-file .*: holds no token/],
  [["run", ...T, "--out", exists], /--out .*exists\.jsonl: exists already; add --overwrite/],
  [["run", ...T, "--out", join(folder, "no", "x.jsonl")], /--out .*: its folder does not exist/],
  [["manifests", "--service-monitor"], /--service-monitor: there is nothing to scrape without --metrics-port/],
  [["manifests", "--image", "https://example.com/x"], /--image .*: not an image: write it like/],
  [["manifests", "--kubelet-kubeconfig", "kubelet.conf"], /--kubelet-kubeconfig .*: not a file of the node/],
  [["manifests", "--termination-log", "/var/log/../x"], /--termination-log .*: not a file of the node/],
  [["manifests", "--log-size", "2GB"], /--log-size "2GB": not a size: write it like 500Mi or 2Gi/],
  [["manifests", "--namespace", "n".repeat(60)], /--namespace n+: too long by 5 for a -scratch beside it/],
  [["manifests", "--metrics-port", "0"], /--metrics-port "0": out of range: from 1 to 65535/],
  [["run", "--config", join(folder, "none.yaml")], /--config .*none\.yaml: no such file/],
  [["bench"], /say what to measure: drainprobe bench churn --target URL/],
  [["bench", "throughput", ...T], /bench: there is no throughput: write drainprobe bench churn/],
  [["bench", "churn"], /nothing to open connections to: give --target URL/],
  [["bench", "churn", ...T, "--rate", "101"], /101 new connections a second .* the cap of 100.*raise --max-rate/],
  [["bench", "churn", ...T, "--count", "5001"], /5001 connections .* the cap of 5000.*raise --max-count/],
  [["bench", "churn", ...T, "--count", "0"], /--count "0": out of range/],
  [["bench", "churn", ...T, "--rate", "0"], /--rate 0 opens nothing/],
  [["bench", "churn", ...T, "--concurrency", "8"], /no rate bounds.*add --max-rate none/],
  [["bench", "churn", ...T, "--kind", "udp"], /--kind "udp": not one of: tcp, hello, tls, h2/],
  [["bench", "churn", "--target", "http://h", "--kind", "tls"], /--kind tls: http:\/\/h\/ has no TLS/],
  [["bench", "churn", ...T, "--ca", noPem], /--ca .*no\.pem: holds no PEM certificate/],
  [["report"], /no log given: name a file, or - for stdin/],
  [["explain"], /no log given: name a file, or - for stdin/],
  [["lab"], /say what the lab is to do: lab list, lab run SCENARIO/],
  [["report", "-", "-"], /stdin \(-\) can be read only once/],
  [["report", join(folder, "none.jsonl")], /none\.jsonl: no such file/],
  [["report", "--json", file("text.jsonl", "hello\nworld\n")], /text\.jsonl: the log is not a drainprobe log/],
  [["selftest", "--scenario", "graceful-goawy"], /no such scenario; did you mean graceful-goaway\?/],
  [["selftest", "--repeat", "0"], /--repeat "0": out of range/],
];

/** A configuration, and what the one line must say of it. */
const BAD_CONFIGS: readonly (readonly [string, RegExp])[] = [
  ["rates: 5\n", /bad\.yaml:1: unknown key "rates": did you mean "rate"\?/],
  [
    "target: https://h\nrequestTimeot: 5s\n",
    /bad\.yaml:2: unknown key "requestTimeot": did you mean "request-timeout"\?/,
  ],
  ["target: https://h\nrate: fast\n", /bad\.yaml:2 rate "fast": not a rate/],
  ["target: https://h\nduration: 30\n", /bad\.yaml:2 duration "30": a duration needs a unit/],
  ["target: https://h\nquiet: 5\n", /bad\.yaml:2 quiet: wants true or false/],
  ["target:\n", /bad\.yaml:1 target: has no value/],
  ["target: [a, b]\n", /bad\.yaml:1 target: wants a single value/],
  ["- target\n", /bad\.yaml:1: not a mapping/],
  ["target: 'x\n", /bad\.yaml:\d+: not YAML/],
  ["target: https://h\nrate: 5\nrate: 6\n", /bad\.yaml:3: not YAML: Map keys must be unique/],
  ["config: other.yaml\n", /bad\.yaml:1: "config" is for the command line only/],
  ["path:\n  vip:\n    connect-to: 10.0.0.2:1\n", /bad\.yaml:2: path "vip" has no url/],
  ["path:\n  vip:\n    url: https://h\n    rate: 5\n", /bad\.yaml:4: "rate" is for the top level only/],
  ["path:\n  vip: h:1\n", /bad\.yaml:2 vip "h:1": not a URL/],
  ["path: [a=https://h]\ntarget: https://h\n", /bad\.yaml:2 target and .*bad\.yaml:1 path exclude each other/],
];

describe("nonsense is refused with one line and exit code 2", () => {
  it.each(NONSENSE)("%j", async (argv, words) => {
    const { code, stdout, stderr } = await cli(argv);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^drainprobe: [^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it.each(BAD_CONFIGS)("%j", async (text, words) => {
    const { code, stdout, stderr } = await cli(["run", "--config", file("bad.yaml", text)]);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^drainprobe: [^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("never repeats what a credential file holds, nor a password in a URL", async () => {
    const { stderr } = await cli(["run", ...T, "--ca", noPem]);
    expect(stderr).not.toContain("SECRET-ABC");
    expect((await cli(["run", "--target", "https://me:hunter2@h"])).stderr).not.toContain("hunter2");
    expect((await cli(["run", "--path", "a=https://me:hunter2@h"])).stderr).not.toContain("hunter2");
  });
});

describe("help", () => {
  it("goes to stdout with exit code 0", async () => {
    const { code, stdout, stderr } = await cli(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name } of PAGES) expect(stdout).toContain(name);
    expect(stdout).toContain("Exit codes:");
  });

  it.each(["run", "report", "selftest"])("of %s has every flag, its examples and the exit codes", async (name) => {
    const page = PAGES.find((candidate) => candidate.name === name);
    const { code, stdout } = await cli([name, "--help"]);
    expect(code).toBe(0);
    for (const flag of Object.keys(page?.flags ?? {})) expect(stdout).toContain(kebab(flag));
    for (const { line } of page?.examples ?? []) expect(stdout).toContain(line);
    expect(stdout).toContain("Exit codes:");
    expect((await cli(["help", name])).stdout).toBe(stdout);
  });

  it("shows defaults as one would type them", async () => {
    const { stdout } = await cli(["run", "--help"]);
    const words = stdout.replace(/\s+/g, " ");
    for (const text of ["default: 250ms", "default: 10s", "default: 50", "default: wire", "until SIGINT"])
      expect(words).toContain(text);
  });

  it("without a command goes to stderr with exit code 2", async () => {
    const { code, stdout, stderr } = await cli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: drainprobe");
  });

  it("tells the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await cli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("docs/cli.md", () => {
  it("is what the flag tables say", () => {
    const page = new URL("../../../docs/cli.md", import.meta.url);
    if (process.env.UPDATE_DOCS === "1") writeFileSync(page, cliPage());
    expect(
      readFileSync(page, "utf8"),
      "write it with UPDATE_DOCS=1 npx vitest run packages/cli/test/command-line.test.ts",
    ).toBe(cliPage());
  });

  it("names every flag of run once", () => {
    for (const name of Object.keys(RUN_FLAGS)) expect(cliPage()).toContain(`-${kebab(name)}`);
  });
});
