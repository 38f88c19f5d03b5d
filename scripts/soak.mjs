// The soak: does a probe stay small and punctual for hours? Starts a server and the built CLI as two processes, and looks
// at the CLI's process every ten seconds.
//
//   node scripts/soak.mjs                     ten minutes: 200 requests/s on 4 sessions, 20 fresh connections/s
//   node scripts/soak.mjs --minutes 60 --out soak.csv
//
// Exit code 0: under the limit and without drift, and the run itself passed. 1: not.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { arch, cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { finish, ROOT } from "./lib/proc.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    "every-seconds": { type: "string", default: "10" },
    out: { type: "string" },
    engine: { type: "string", default: "wire" },
    "keep-log": { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const everyMs = Number(values["every-seconds"]) * 1000;

/**
 * The most an hour may take, and what we call drift: the last quarter (of memory: half) against the first one. 44 MB of the memory are pages
 * of Node's own program, which all processes of Node share, 13 MB are OpenSSL's and libuv's heap, and 34 MB are V8's young generation.
 * About 20 MB live in its old one, which V8 lets grow to several times that before it collects.
 */
const RSS_LIMIT_MB = 180;
const DRIFT_LIMIT = { rssMb: 8, fds: 5, lateMs: 5 };
/** Of the first samples: the process warms up (code is compiled, pools are filled). */
const WARM_UP_SHARE = 0.1;

const COLUMNS = [
  ["rssMb", "memory (RSS)", "MB", 1],
  ["ownMb", "of that anonymous", "MB", 1],
  ["cpuPercent", "CPU of one core", "%", 1],
  ["fds", "file descriptors", "", 0],
  ["lateMs", "lateness, 99 %", "ms", 2],
  ["lateMaxMs", "lateness, most", "ms", 2],
  ["requests", "requests sent a second", "", 1],
  ["fresh", "fresh connections a second", "", 1],
];

const dir = mkdtempSync(join(tmpdir(), "drainprobe-soak-"));
const children = [];
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of children) child.kill("SIGKILL");
  });
}

let code = 1;
try {
  code = await soak();
} catch (error) {
  console.error(error.message);
} finally {
  await Promise.all(children.map(end));
  if (!values["keep-log"]) rmSync(dir, { recursive: true, force: true });
  else console.log(`log: ${join(dir, "run.jsonl")}`);
}
finish(code === 0 ? 1 : 0, code === 0 ? 0 : 1);

async function soak() {
  const certificate = await writeCertificate();
  const server = start([join(ROOT, "scripts/lib/soak-server.mjs"), certificate.cert, certificate.key], ["ipc"]);
  const port = (await firstLine(server)).trim();
  const log = join(dir, "run.jsonl");
  const probe = start([join(ROOT, "packages/cli/dist/bin.js"), "run", ...flags(port, certificate.ca, log)]);
  let stdout = "";
  probe.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  console.log(
    `Node ${process.version}, Linux ${release()} ${arch()}, ${cpus().length} cores; ${minutes} minutes, engine ${values.engine}`,
  );
  console.log(COLUMNS.map(([name]) => name.padStart(11)).join(""));

  const samples = [];
  const follow = followLog(log);
  const ended = once(probe, "exit");
  let running = true;
  ended.then(() => {
    running = false;
  });
  // The log is there when the self-test is over and the run has begun.
  while (running && !existsSync(log)) await Promise.race([pause(20), ended]);
  let before = { cpuMs: cpuMs(probe.pid), atMs: performance.now() };
  for (;;) {
    await Promise.race([pause(everyMs), ended]);
    if (!running) break;
    const now = { cpuMs: cpuMs(probe.pid), atMs: performance.now() };
    const seconds = (now.atMs - before.atMs) / 1000;
    const sample = { ...follow(seconds), ...memory(probe.pid), cpuPercent: (now.cpuMs - before.cpuMs) / seconds / 10 };
    before = now;
    samples.push(sample);
    console.log(COLUMNS.map(([name, , , digits]) => sample[name].toFixed(digits).padStart(11)).join(""));
  }
  const [exitCode] = await ended;
  if (samples.length === 0) throw new Error(`the probe ended with ${exitCode} before it was looked at`);
  if (values.out !== undefined) writeFileSync(values.out, csv(samples));
  return judge(samples, exitCode, stdout);
}

function flags(port, ca, log) {
  return [
    ...["--target", `https://127.0.0.1:${port}/`, "--ca", ca, "--engine", values.engine],
    ...["--sessions", "4", "--streams", "10", "--rate", "200"],
    ...["--fresh-tcp", "5", "--fresh-tls", "5", "--fresh-h2", "10", "--idle", "1"],
    ...["--duration", `${Math.round(minutes * 60)}s`, "--json", "--quiet", "--out", log],
  ];
}

/** Prints the table and gives the exit code. */
function judge(samples, exitCode, stdout) {
  const steady = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE));
  if (steady.length < 4) throw new Error(`too short: ${samples.length} samples; ${stdout}`);
  const quarter = Math.floor(steady.length / 4);
  const problems = [];
  console.log(
    `\n${"".padEnd(28)}${["min", "median", "max", "first", "last", "drift"].map((h) => h.padStart(10)).join("")}`,
  );
  for (const [name, title, unit, digits] of COLUMNS) {
    const all = steady.map((sample) => sample[name]);
    const isMemory = name === "rssMb" || name === "ownMb";
    const typical = isMemory || name.startsWith("late") ? least : median;
    // From one collection of the old generation to the next it may be minutes: a half holds one, a quarter of ten minutes may not.
    const share = isMemory ? Math.floor(steady.length / 2) : quarter;
    const first = typical(all.slice(0, share));
    const last = typical(all.slice(-share));
    const numbers = [Math.min(...all), median(all), Math.max(...all), first, last, last - first];
    console.log(`${title.padEnd(28)}${numbers.map((n) => n.toFixed(digits).padStart(10)).join("")} ${unit}`);
    const limit = DRIFT_LIMIT[name];
    if (limit !== undefined && last - first > limit)
      problems.push(`${title} drifts by ${(last - first).toFixed(digits)} ${unit}`);
  }
  const most = Math.max(...samples.map((sample) => sample.rssMb));
  if (most > RSS_LIMIT_MB) problems.push(`${most.toFixed(1)} MB, over ${RSS_LIMIT_MB} MB`);
  const summary = JSON.parse(stdout);
  console.log(
    `\nverdict ${summary.verdict} (exit ${exitCode}): ${summary.requests.ok} of ${summary.requests.total} requests ok, ` +
      `${summary.connections.opened} connections opened, ${summary.connections.failed} failed, ` +
      `${summary.coverage.stalls.count} stalls (longest ${(summary.coverage.stalls.longestNs / 1e6).toFixed(1)} ms)`,
  );
  if (exitCode !== 0) problems.push(`the run exited with ${exitCode}`);
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024;
  return { rssMb: mb("VmRSS"), ownMb: mb("RssAnon"), fds: readdirSync(`/proc/${pid}/fd`).length };
}

/** User and system time of a process so far. The kernel counts it in hundredths of a second. */
function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Reads what was added to the log since the last call: how late the requests of that time were. */
function followLog(file) {
  let at = 0;
  let rest = "";
  return (seconds) => {
    const late = [];
    let fresh = 0;
    const fd = openSync(file, "r");
    const chunk = Buffer.alloc(1 << 20);
    for (;;) {
      const bytes = readSync(fd, chunk, 0, chunk.length, at);
      if (bytes === 0) break;
      at += bytes;
      const lines = (rest + chunk.toString("utf8", 0, bytes)).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const isRequest = line.includes('"request.sent"');
        if (!isRequest && !line.includes('"tcp.connect.started"')) continue;
        const event = JSON.parse(line);
        if (isRequest) {
          // A fresh request is sent when its connection is ready: that is the server's time, not our lateness.
          if (event.lane === "held") late.push((event.t - event.intended) / 1e6);
        } else if (event.lane.startsWith("fresh.")) fresh += 1;
      }
    }
    closeSync(fd);
    late.sort((a, b) => a - b);
    return {
      lateMs: late[Math.floor(late.length * 0.99)] ?? 0,
      lateMaxMs: late.at(-1) ?? 0,
      requests: late.length / seconds,
      fresh: fresh / seconds,
    };
  };
}

async function writeCertificate() {
  const { certificates } = await import(join(ROOT, "packages/testbed/dist/index.js"));
  const { ca, good } = await certificates();
  const files = { ca: join(dir, "ca.pem"), cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  writeFileSync(files.ca, ca);
  writeFileSync(files.cert, good.cert);
  writeFileSync(files.key, good.key, { mode: 0o600 });
  return files;
}

/** The server ends by itself when the channel to us breaks; the probe is started as a user would. */
function start(args, more = []) {
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "pipe", "inherit", ...more] });
  children.push(child);
  return child;
}

async function firstLine(child) {
  const [text] = await once(child.stdout.setEncoding("utf8"), "data");
  return text;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function csv(samples) {
  const names = COLUMNS.map(([name]) => name);
  return `${[names.join(","), ...samples.map((sample) => names.map((name) => sample[name]).join(","))].join("\n")}\n`;
}

/** Lateness comes from the machine's other work as well, and garbage from the last collection on; a drift of our own would lift even the best of times. */
function least(numbers) {
  return Math.min(...numbers);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
