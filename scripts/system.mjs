// The system tests: starts nginx, caddy, haproxy and nghttpd on loopback, stops, kills and reloads them under the
// probe's eyes, and holds its verdicts against tcpdump. Linux, and root for tcpdump.
//
//   node scripts/system.mjs                               all files but lab-tiers and least-privilege
//   node scripts/system.mjs nginx caddy                   only those of test/system/*.system.test.ts
//   node scripts/system.mjs --table docs/real-servers.md  writes the measured table there as well
//   node scripts/system.mjs --engine node                 lets node:http2 write the requests
//   node scripts/system.mjs --node PATH                   runs the tests with another Node
//   node scripts/system.mjs --no-build                    takes packages/*/dist as they are
//
// Exit code 0: all passed. 1: something failed. 3: a needed program is missing, so something was not tested.
import { accessSync, mkdtempSync, constants as modes, readdirSync, rmSync, writeFileSync } from "node:fs";
import { arch, constants, release, setPriority, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { countLine, ROOT, run } from "./lib/proc.mjs";
import { killProcessesUnder, signalChildren } from "./lib/processes-under.mjs";
import { realServerTable } from "./lib/real-server-table.mjs";
import { vitest } from "./lib/vitest.mjs";

const TESTS = join(ROOT, "test/system");
const SUFFIX = ".system.test.ts";

/** What each file needs beside tcpdump. */
const NEEDS = {
  judge: [],
  nginx: ["nginx"],
  caddy: ["caddy"],
  nghttpd: ["nghttpd"],
  haproxy: ["haproxy", "nghttpd"],
  cli: ["nginx"],
  "kube-plane": [],
  "kube-rollout": [],
  "kube-openshift": ["ip"],
  "kube-secrets": [],
  "kube-writes": [],
  kubernetes: [],
  outputs: ["promtool", "xmllint"],
  "hardening-host": ["prlimit", "faketime", "mkfifo"],
  "hardening-hostile": [],
  "hardening-kills": [],
  "hardening-net": ["ip", "nft", "conntrack"],
  prometheus: ["prometheus", "promtool"],
  "least-privilege": ["etcd", "kubectl"],
  manifests: ["etcd", "kubectl"],
  html: ["chromium"],
  image: ["npm"],
  "lab-embedded": [],
  "lab-netns": ["ip", "nft", "nsenter", "haproxy"],
  "lab-lost-port": ["ip", "nft", "conntrack"],
  "lab-tiers": ["ip", "nft", "nsenter", "haproxy", "etcd"],
};

/** Only when they are asked for by name: what they take is minutes of a machine that nobody else uses. */
const BY_NAME = ["lab-tiers", "least-privilege"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    table: { type: "string" },
    engine: { type: "string", default: "wire" },
    node: { type: "string", default: process.execPath },
    "no-build": { type: "boolean", default: false },
  },
});

// Neighbours on the machine make the probe late and its runs inconclusive: what we start inherits this.
try {
  setPriority(constants.priority.PRIORITY_HIGH);
} catch {
  // Not root: then missingFor() stops everything below anyway.
}

const dir = mkdtempSync(join(tmpdir(), "drainprobe-system-"));
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interrupted = true;
    signalChildren("SIGTERM");
    killProcessesUnder(dir);
  });
}

let passed = 0;
let failed = 0;
let skipped = 0;
try {
  if (!values["no-build"]) await build();
  for (const name of chosen()) {
    if (interrupted) break;
    const missing = missingFor(name);
    if (missing.length > 0) {
      skipped += 1;
      console.log(`SKIPPED ${name}: ${missing.join(", ")} missing on this machine`);
      continue;
    }
    const counts = await vitest(["--project=system", `test/system/${name}${SUFFIX}`], {
      node: values.node,
      env: { DRAINPROBE_SYSTEM_DIR: dir, DRAINPROBE_ENGINE: values.engine },
    });
    passed += counts.passed;
    failed += counts.failed;
    skipped += counts.skipped;
    const left = killProcessesUnder(dir);
    if (left > 0) {
      failed += 1;
      console.log(`FAILED ${name}: it left ${left} processes behind (ended now)`);
    }
  }
  await showTable();
} catch (error) {
  failed += 1;
  console.error(error.message);
} finally {
  killProcessesUnder(dir);
  rmSync(dir, { recursive: true, force: true });
}
if (interrupted) failed += 1;
if (skipped > 0) console.log(`${skipped} skipped: not everything was tested`);
console.log(countLine(passed, failed));
process.exitCode = failed > 0 ? 1 : skipped > 0 ? 3 : 0;

/** Names of the test files to run: the judge first, since the others trust it. */
function chosen() {
  const names = readdirSync(TESTS)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort((a, b) => Number(b === "judge") - Number(a === "judge") || a.localeCompare(b));
  for (const name of positionals)
    if (!names.includes(name)) throw new Error(`there is no test/system/${name}${SUFFIX}`);
  for (const name of names)
    if (!(name in NEEDS)) throw new Error(`scripts/system.mjs does not know what ${name} needs`);
  return positionals.length === 0
    ? names.filter((name) => !BY_NAME.includes(name))
    : names.filter((name) => positionals.includes(name));
}

function missingFor(name) {
  const missing = ["tcpdump", ...NEEDS[name]].filter((program) => !isInstalled(program));
  if (process.platform !== "linux") missing.push("Linux");
  else if (process.getuid() !== 0) missing.push("root (for tcpdump)");
  return missing;
}

function isInstalled(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), modes.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Prints the table; writes it where `--table` says, if everything ran and passed. */
async function showTable() {
  const table = realServerTable(join(dir, "table.jsonl"));
  if (table === null) return;
  console.log(`\n${table.markdown}`);
  if (values.table === undefined) return;
  if (failed > 0 || skipped > 0) throw new Error(`${values.table} was not written: not everything passed`);
  const { stdout } = await run(values.node, ["--version"], { quiet: true });
  const head = [
    "# Real servers, measured",
    "",
    "What drainprobe says when a real server is stopped, killed or reloaded while every lane looks at it, and whether the",
    "packets agree. Written by `node scripts/system.mjs --table docs/real-servers.md`; do not edit.",
    "",
    "Each run: 2 held sessions with 40 requests a second, 1 idle, 1 slow with a response in flight, and 5 connections a second",
    "on each fresh lane. *After* are the attempts begun after the action. *GOAWAY* gives the last stream id (a range where",
    "connections differ) and the error code. The packets are tcpdump's, on loopback, with nanosecond time stamps: a verdict",
    "agrees if the side that ended first and the FIN or RST it ended with are the ones on the wire.",
    "",
    `Engine ${values.engine}, Node ${stdout.trim()}, Linux ${release()}, ${arch()}.`,
    "",
  ];
  writeFileSync(join(ROOT, values.table), `${head.join("\n")}\n${table.markdown}`);
  console.log(`written: ${values.table}`);
}
