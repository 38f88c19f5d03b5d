// Finds or builds the kube-apiservers of the lab's "kube" tier.
//
//   node build.mjs                    both versions, built where they are missing (minutes; needs Go and its module proxy)
//   node build.mjs current historic   only these
//   node build.mjs --no-build …       only finds
//
// One JSON line on stdout for each that is there: {"name":"current","version":"v1.36.3","program":"…"}; the rest on stderr.
// Exit code 0: all are there. 1: a build failed. 2: misuse. 3: at least one is missing and cannot be built here, and a line
// says why.
//
// `current` is taken from KUBEBUILDER_ASSETS (as users of envtest have it), whatever its version; both from
// `${XDG_CACHE_HOME:-~/.cache}/drainprobe/kube-apiserver/<version>/`, which is also where they are built to. What is built is
// pinned by <version>/go.mod and go.sum beside this file.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULE = "k8s.io/kubernetes";
const PACKAGE = `${MODULE}/cmd/kube-apiserver`;

const VERSIONS = {
  current: { version: "v1.36.3", assets: true, go: [1, 26], source: null },
  // The seed's era: the process exits without waiting for its HTTP server to shut down. Later patches of 1.18 are not on
  // the module proxy with all their parts.
  historic: { version: "v1.18.19", assets: false, go: [1, 21], source: withoutOpenApi },
};

const HISTORIC_SUM = "h1:g4wSMXrB9HRVBZL0IV9ld7B3uUNnMxIa7ogXHYwd/Z8=";
/** In server.go: what stands there, and what is put in its place. */
const OPENAPI_EDITS = [
  ['openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"', 'openapicommon "k8s.io/kube-openapi/pkg/common"'],
  ['extensionsapiserver "k8s.io/apiextensions-apiserver/pkg/apiserver"', ""],
  ['aggregatorscheme "k8s.io/kube-aggregator/pkg/apiserver/scheme"', ""],
  ['generatedopenapi "k8s.io/kubernetes/pkg/generated/openapi"', ""],
  [
    "genericConfig.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(generatedopenapi.GetOpenAPIDefinitions, openapinamer.NewDefinitionNamer(legacyscheme.Scheme, extensionsapiserver.Scheme, aggregatorscheme.Scheme))",
    "",
  ],
  ['genericConfig.OpenAPIConfig.Info.Title = "Kubernetes"', ""],
  // Authentication insists on one, to write its security definitions into.
  [
    "genericConfig.EgressSelector, genericConfig.OpenAPIConfig,",
    "genericConfig.EgressSelector, &openapicommon.Config{},",
  ],
];

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

class Missing extends Error {}

const args = process.argv.slice(2);
const mayBuild = !args.includes("--no-build");
const names = args.filter((arg) => arg !== "--no-build");
const unknown = names.filter((name) => !Object.hasOwn(VERSIONS, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(" ")}; known are ${Object.keys(VERSIONS).join(", ")} and --no-build`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(names.length > 0 ? names : Object.keys(VERSIONS));
}

async function main(wanted) {
  let code = 0;
  for (const name of wanted) {
    try {
      const program = find(name) ?? (await build(name));
      console.log(JSON.stringify({ name, version: versionOf(program), program }));
    } catch (error) {
      console.error(error.message);
      code = Math.max(code, error instanceof Missing ? 3 : 1);
      if (!(error instanceof Missing)) return 1;
    }
  }
  return code;
}

function cacheFolder(version) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "drainprobe", "kube-apiserver", version);
}

function find(name) {
  const { version, assets } = VERSIONS[name];
  const given = process.env.KUBEBUILDER_ASSETS;
  const folders = [...(assets && given ? [given] : []), cacheFolder(version)];
  return folders.map((folder) => join(folder, "kube-apiserver")).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the program says of itself: "v1.36.3". */
function versionOf(program) {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
}

async function build(name) {
  const { version, source } = VERSIONS[name];
  const folder = cacheFolder(version);
  const where = VERSIONS[name].assets ? `KUBEBUILDER_ASSETS or ${folder}` : folder;
  const missing = (why) => new Missing(`skipped: no kube-apiserver ${version} in ${where}, and ${why}`);
  if (!mayBuild) throw missing(`it was not to be built (node ${fileURLToPath(import.meta.url)} builds it)`);
  const why = whyGoCannot(VERSIONS[name].go);
  if (why !== null) throw missing(why);

  console.error(`building kube-apiserver ${version} with Go: some minutes, once`);
  mkdirSync(folder, { recursive: true });
  sweep(folder);
  // A folder of our own and a rename at the end: of two builds at the same time neither sees half of the other.
  const work = mkdtempSync(join(folder, `build-${process.pid}-`));
  try {
    for (const file of ["go.mod", "go.sum"]) copyFileSync(join(HERE, version, file), join(work, file));
    if (source !== null) await source(work, version);
    const built = join(work, "kube-apiserver");
    await go(work, ["build", "-trimpath", `-ldflags=-s -w ${stamps(version).join(" ")}`, "-o", built, PACKAGE]);
    const program = join(folder, "kube-apiserver");
    renameSync(built, program);
    return program;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A module knows its version, but the server says what is stamped into it; 1.18 has three places for that. */
function stamps(version) {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version);
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version", `${MODULE}/pkg/version`].flatMap((place) => [
    `-X ${place}.gitVersion=${version}`,
    `-X ${place}.gitMajor=${major}`,
    `-X ${place}.gitMinor=${minor}`,
  ]);
}

/** Removes what builds that were killed left behind. */
function sweep(folder) {
  for (const entry of readdirSync(folder)) {
    const pid = /^build-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Why the Go of this machine cannot build it, or `null`. From 1.21 on, Go fetches a newer one of itself if it needs it. */
function whyGoCannot([major, minor]) {
  const asked = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8", cwd: HERE });
  if (asked.error !== undefined || asked.status !== 0) return "there is no Go to build it with";
  const found = /go(\d+)\.(\d+)/.exec(asked.stdout);
  const has = found === null ? [0, 0] : [Number(found[1]), Number(found[2])];
  const atLeast = (wish) => has[0] > wish[0] || (has[0] === wish[0] && has[1] >= wish[1]);
  if (atLeast([major, minor])) return null;
  if (atLeast([1, 21]) && process.env.GOTOOLCHAIN !== "local") return null;
  return `the Go here is ${has.join(".")}, ${major}.${minor} is needed`;
}

/** Runs Go and gives its stdout. A signal that ends us ends it first, with all the compilers it has started. */
function go(cwd, goArgs) {
  const child = spawn("go", goArgs, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    // A workspace or vendor setting of the user's is not meant for this module; without cgo nothing of the machine gets in.
    env: { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" },
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  let interrupted = null;
  const interrupt = (signal) => {
    interrupted = signal;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has just ended by itself.
    }
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0 && interrupted === null) return resolve(output.stdout);
      const told = `${output.stdout}${output.stderr}`.trim().split("\n").slice(-20).join("\n");
      reject(new Error(`go ${goArgs[0]} failed (${interrupted ?? signal ?? `exit code ${code}`}):\n${told}`));
    });
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  });
}

/**
 * The module as published lacks a generated file (pkg/generated/openapi), so the server is built without OpenAPI. Only that is
 * taken out; what the lab is here for, the way the process shuts down, stays as it was.
 */
async function withoutOpenApi(work, version) {
  const fetch = join(work, "fetch");
  mkdirSync(fetch);
  writeFileSync(join(fetch, "go.mod"), `module fetch\n\ngo 1.21\n\nrequire ${MODULE} ${version}\n`);
  copyFileSync(join(work, "go.sum"), join(fetch, "go.sum"));
  const { Dir: module, Sum: sum } = JSON.parse(await go(fetch, ["mod", "download", "-json", `${MODULE}@${version}`]));
  if (sum !== HISTORIC_SUM) throw new Error(`${MODULE} ${version} has the checksum ${sum}, not ${HISTORIC_SUM}`);
  const copy = join(work, "src");
  copyWritable(module, copy);
  const server = join(copy, "cmd", "kube-apiserver", "app", "server.go");
  chmodSync(server, 0o644);
  let text = readFileSync(server, "utf8");
  for (const [from, to] of OPENAPI_EDITS) {
    if (text.split(from).length !== 2) throw new Error(`not exactly once in ${PACKAGE}/app/server.go: ${from}`);
    text = text.replace(from, () => to);
  }
  writeFileSync(server, text);
}

/** Go's module cache is read-only, folders too: a plain copy of it could neither be filled nor removed again. */
function copyWritable(from, to) {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyWritable(source, target);
    else copyFileSync(source, target);
  }
}
