// An accelerated day: ten million events, a hundred thousand connections and a thousand rollouts in about twenty minutes, and a look
// at the probe's process every ten seconds: memory, descriptors, lateness.
//
//   node scripts/long-run.mjs                                 twenty minutes
//   node scripts/long-run.mjs --minutes 2                     a taste of it
//   node scripts/long-run.mjs --out docs/reliability/long-run.csv   keeps the curve
//
// Exit code 0: nothing drifted and nothing but the rollouts happened. 1: something did.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
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
    minutes: { type: "string", default: "20" },
    out: { type: "string" },
    rate: { type: "string", default: "2000" },
  },
});
const seconds = Number(values.minutes) * 60;
const SAMPLE_MS = 10_000;
const LOG_BYTES = 100 * 1024 * 1024;
/** Between the medians of the second and of the last quarter. */
const DRIFT = { rssMb: 15, fds: 10, lateMs: 5 };

const dir = mkdtempSync(join(tmpdir(), "drainprobe-long-"));
const children = [];
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => children.forEach((child) => void child.kill("SIGKILL")));

let failed = 1;
try {
  failed = await run();
} finally {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  rmSync(dir, { recursive: true, force: true });
}
finish(1 - failed, failed);

async function run() {
  const server = start([join(ROOT, "scripts/lib/rolling-server.mjs"), "1000"], ["ipc"]);
  const [port] = await once(server.stdout.setEncoding("utf8"), "data");
  const log = join(dir, "run.jsonl");
  const probe = start([
    ...[
      join(ROOT, "packages/cli/dist/bin.js"),
      "run",
      "--target",
      `http://127.0.0.1:${port.trim()}/`,
      "--duration",
      `${seconds}s`,
    ],
    ...[
      "--sessions",
      "20",
      "--streams",
      "20",
      "--rate",
      values.rate,
      "--idle",
      "5",
      "--fresh-tcp",
      "40",
      "--fresh-h2",
      "40",
    ],
    ...[
      "--max-requests",
      "10000",
      "--max-log-size",
      `${LOG_BYTES / 1024 / 1024}MiB`,
      "--out",
      log,
      "--json",
      "--quiet",
      "--no-self-test",
    ],
  ]);
  let stdout = "";
  probe.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const ended = once(probe, "exit");
  const samples = [];
  console.log(`Node ${process.version}, ${cpus().length} cores, ${values.minutes} minutes`);
  console.log("seconds  rssMb  fds  lateMs  logMb");
  const gone = () => probe.exitCode !== null || probe.signalCode !== null;
  while (!gone()) {
    await Promise.race([pause(SAMPLE_MS), ended]);
    if (gone()) break;
    const sample = {
      seconds: (samples.length + 1) * 10,
      ...memory(probe.pid),
      lateMs: lateness(log),
      logMb: logBytes() / 1e6,
    };
    samples.push(sample);
    console.log(
      `${String(sample.seconds).padStart(7)} ${sample.rssMb.toFixed(1).padStart(6)} ${String(sample.fds).padStart(4)} ${sample.lateMs.toFixed(2).padStart(7)} ${sample.logMb.toFixed(1).padStart(6)}`,
    );
  }
  const [code, signal] = await ended;
  if (signal !== null) throw new Error(`the probe was ended by ${signal}`);
  server.send("how many");
  const [{ rollouts }] = await once(server, "message");
  const summary = JSON.parse(stdout);
  const events = eventsIn(log);
  if (values.out !== undefined) writeFileSync(values.out, csv(samples));
  console.log(
    `${events} events, ${summary.connections.opened} connections, ${rollouts} rollouts, ${summary.requests.ok} of ${summary.requests.total} requests ok; verdict ${summary.verdict} (exit ${code})`,
  );
  for (const reason of summary.coverage.insufficient) console.log(`  ${reason}`);
  return judge(samples, summary);
}

function judge(samples, summary) {
  const problems = [];
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) problems.push("too short to tell a drift");
  for (const [name, limit] of Object.entries(DRIFT)) {
    const [early, late] = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)].map((part) =>
      median(part.map((sample) => sample[name])),
    );
    console.log(`${name}: ${early.toFixed(2)} in the second quarter, ${late.toFixed(2)} in the last`);
    if (late - early > limit) problems.push(`${name} drifts by ${(late - early).toFixed(2)}`);
  }
  const most = Math.max(...samples.map(({ logMb }) => logMb));
  if (most * 1e6 > LOG_BYTES * 1.1) problems.push(`the log took ${most.toFixed(1)} MB`);
  if (summary.requests.failed > 0 || summary.connections.failed > 0)
    problems.push("something failed, and nothing should have");
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024, fds: readdirSync(`/proc/${pid}/fd`).length };
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
  const names = ["seconds", "rssMb", "fds", "lateMs", "logMb"];
  return `${[names.join(","), ...samples.map((sample) => names.map((name) => Number(sample[name].toFixed(2))).join(","))].join("\n")}\n`;
}

function start(args, more = []) {
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "pipe", "inherit", ...more] });
  children.push(child);
  return child;
}
