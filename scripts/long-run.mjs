// An accelerated day: ten million events, a hundred thousand connections and a thousand rollouts in about half an hour, and a look
// at the probe's process every ten seconds: memory, descriptors, lateness. What is rolled out is the lab's embedded plane: three API
// servers that are processes of their own, behind the model of a network load balancer; by default two such planes, a path each.
//
//   node scripts/long-run.mjs                                 thirty minutes
//   node scripts/long-run.mjs --minutes 3                     a taste of it: the goals are a tenth
//   node scripts/long-run.mjs --out docs/reliability/long-run.csv   keeps the curve
//
// Exit code 0: nothing drifted, and nothing but the rollouts happened. 1: something did, or a goal was missed.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { finish, ROOT } from "./lib/proc.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    out: { type: "string" },
    planes: { type: "string", default: "2" },
    /** Of each plane: requests and new connections a second, and how much faster than a real one it is. */
    rate: { type: "string", default: "600" },
    fresh: { type: "string", default: "15" },
    speed: { type: "string", default: "20" },
  },
});
const seconds = Number(values.minutes) * 60;
const SAMPLE_MS = 10_000;
const LOG_BYTES = 100 * 1024 * 1024;
/** Between the least of the second and of the last quarter: V8 frees what is old when it thinks it worthwhile, not at once. */
const DRIFT = { rssMb: 15, fds: 10, lateMs: 5 };
/** Of half an hour. */
const GOALS = { events: 10_000_000, connections: 100_000, rollouts: 1_000 };
/** What API servers that end in order and a balancer that lets go in time may still do to a client; Go's servers ignore what comes after GOAWAY. */
const OF_ROLLOUTS = new Set(["h2.goaway", "http.error", "http.retry_after", "abandoned"]);
/** And to so many of a thousand what a server does that had no processor when it should have gone in order. */
const PER_THOUSAND = 1;

const dir = mkdtempSync(join(tmpdir(), "drainprobe-long-"));
const children = [];
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => children.forEach((child) => void end(child)));

let failed = 1;
try {
  failed = await run();
} finally {
  await Promise.all(children.map(end));
  rmSync(dir, { recursive: true, force: true });
}
finish(1 - failed, failed);

async function run() {
  const planes = await Promise.all(Array.from({ length: Number(values.planes) }, (_, index) => startPlane(index)));
  const config = join(dir, "drainprobe.yaml");
  writeFileSync(config, JSON.stringify({ path: Object.fromEntries(planes.map(pathOf)) }));
  const log = join(dir, "run.jsonl");
  const probe = start([join(ROOT, "packages/cli/dist/bin.js"), "run", ...flags(config, log)]);
  let stdout = "";
  probe.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const ended = once(probe, "exit");
  const samples = [];
  console.log(`Node ${process.version}, ${cpus().length} cores, ${values.minutes} minutes`);
  console.log("seconds  rssMb  fds  lateMs  logMb  rollouts");
  const gone = () => probe.exitCode !== null || probe.signalCode !== null;
  while (!gone()) {
    await Promise.race([pause(SAMPLE_MS), ended]);
    if (gone()) break;
    const held = memory(probe.pid);
    if (held === null) break;
    const sample = {
      seconds: (samples.length + 1) * 10,
      ...held,
      lateMs: lateness(log),
      logMb: logBytes() / 1e6,
      rollouts: await rolloutsOf(planes),
    };
    samples.push(sample);
    console.log(
      `${String(sample.seconds).padStart(7)} ${sample.rssMb.toFixed(1).padStart(6)} ${String(sample.fds).padStart(4)} ${sample.lateMs.toFixed(2).padStart(7)} ${sample.logMb.toFixed(1).padStart(6)} ${String(sample.rollouts).padStart(9)}`,
    );
    if (values.out !== undefined) writeFileSync(values.out, csv(samples));
  }
  const [code, signal] = await ended;
  if (signal !== null) throw new Error(`the probe was ended by ${signal}`);
  const summary = JSON.parse(stdout);
  const done = { events: eventsIn(log), connections: summary.connections.opened, rollouts: await rolloutsOf(planes) };
  console.log(
    `${done.events} events, ${done.connections} connections, ${done.rollouts} rollouts, ${summary.requests.ok} of ${summary.requests.total} requests ok; verdict ${summary.verdict} (exit ${code})`,
  );
  for (const what of ["connections", "requests"])
    console.log(`failed ${what}: ${summary[what].failed} ${JSON.stringify(summary[what].byType)}`);
  for (const reason of summary.coverage.insufficient) console.log(`  ${reason}`);
  return judge(samples, summary, done);
}

/** Each plane has an authority of its own. */
function pathOf({ url, ca }, index) {
  const file = join(dir, `plane-${index}.pem`);
  writeFileSync(file, ca);
  return [`plane-${index}`, { url: `${url}/version`, ca: file }];
}

function flags(config, log) {
  return [
    ...["--config", config, "--duration", `${seconds}s`, "--max-requests", "10000"],
    ...["--sessions", "10", "--streams", "20", "--rate", values.rate, "--idle", "5"],
    ...["--fresh-tcp", values.fresh, "--fresh-h2", values.fresh],
    ...["--max-log-size", `${LOG_BYTES / 1024 / 1024}MiB`, "--out", log, "--json", "--quiet", "--no-self-test"],
  ];
}

async function startPlane(index) {
  const folder = join(dir, `plane-${index}`);
  mkdirSync(folder);
  const child = fork(join(ROOT, "scripts/lib/rolling-plane.mjs"), [folder, values.speed, String(index)], { cwd: dir });
  children.push(child);
  const [{ url, ca }] = await once(child, "message");
  return { url, ca, child };
}

async function rolloutsOf(planes) {
  const answers = planes.map(async ({ child }) => {
    const answered = once(child, "message");
    child.send("how many");
    return (await answered)[0].rollouts;
  });
  return (await Promise.all(answers)).reduce((sum, rollouts) => sum + rollouts, 0);
}

function judge(samples, summary, done) {
  const problems = [];
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) problems.push("too short to tell a drift");
  for (const [name, limit] of Object.entries(DRIFT)) {
    const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)].map((part) =>
      part.map((sample) => sample[name]),
    );
    console.log(
      `${name}: second quarter least ${Math.min(...early).toFixed(2)}, median ${median(early).toFixed(2)}; last quarter least ${Math.min(...late).toFixed(2)}, median ${median(late).toFixed(2)}`,
    );
    const drift = Math.min(...late) - Math.min(...early);
    if (drift > limit) problems.push(`${name} drifts by ${drift.toFixed(2)}`);
  }
  const most = Math.max(...samples.map(({ logMb }) => logMb));
  if (most * 1e6 > LOG_BYTES * 1.1) problems.push(`the log took ${most.toFixed(1)} MB`);
  for (const [what, all] of [
    ["connections", summary.connections.opened],
    ["requests", summary.requests.total],
  ]) {
    const odd = Object.entries(summary[what].byType).filter(([type]) => !OF_ROLLOUTS.has(type));
    const count = odd.reduce((sum, [, failed]) => sum + failed, 0);
    if (count * 1_000 > all * PER_THOUSAND)
      problems.push(
        `${count} ${what} failed by ${odd.map(([type]) => type).join(", ")}, which an orderly rollout is no reason for`,
      );
  }
  for (const [name, goal] of Object.entries(GOALS)) {
    const share = (goal * seconds) / 1_800;
    if (done[name] < share) problems.push(`${done[name]} ${name}, where ${share.toFixed(0)} were wanted`);
  }
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

/** `null`: it has just ended. */
function memory(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kb = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
    return { rssMb: kb("VmRSS") / 1024, fds: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}

/** As the footer counts them. Verdicts follow it, and a log in parts may have begun another part meanwhile. */
function eventsIn(log) {
  const parts = readdirSync(dir).filter((name) => name.startsWith("run.jsonl"));
  for (const name of [
    log,
    ...parts
      .sort()
      .reverse()
      .map((part) => join(dir, part)),
  ]) {
    const bytes = readFileSync(name);
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
    const at = text.lastIndexOf('{"kind":"run.footer"');
    if (at >= 0) return Number(/"events":(\d+)/.exec(text.slice(at, at + 4_096))?.[1]);
  }
  throw new Error("the log has no footer");
}

/** The 99th percentile of what was sent last. */
function lateness(log) {
  const late = [];
  for (const line of tail(log, 512 * 1024)
    .split("\n")
    .slice(1, -1)) {
    if (!line.includes('"request.sent"') || !line.includes('"lane":"held"')) continue;
    const { t, intended } = JSON.parse(line);
    late.push((t - intended) / 1e6);
  }
  return late.sort((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? 0;
}

function tail(file, most) {
  if (!existsSync(file)) return "";
  const fd = openSync(file, "r");
  const { size } = fstatSync(fd);
  const bytes = Buffer.alloc(Math.min(size, most));
  readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  closeSync(fd);
  return bytes.toString("utf8");
}

function logBytes() {
  return readdirSync(dir).reduce(
    (sum, name) =>
      sum + (name.startsWith("run.jsonl") && existsSync(join(dir, name)) ? statSync(join(dir, name)).size : 0),
    0,
  );
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function csv(samples) {
  const names = ["seconds", "rssMb", "fds", "lateMs", "logMb", "rollouts"];
  return `${[names.join(","), ...samples.map((sample) => names.map((name) => Number(sample[name].toFixed(2))).join(","))].join("\n")}\n`;
}

function start(args) {
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

/** A plane takes its servers with it when its channel breaks; the folder is theirs until then. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  else child.kill("SIGKILL");
  await exited;
}
