// Runs h2specd, the half of h2spec that tests clients (https://github.com/summerwind/h2spec), against our HTTP/2 client.
// It is a Go program: it is built from the module proxy into the cache, outside the repository. Without Go, nothing runs.
// `node scripts/h2specd.mjs [client/5.1 …]` runs some sections only.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { finish, ROOT, run } from "./lib/proc.mjs";

const H2SPEC = "v2.2.1+incompatible";
/** h2spec names no versions of what it needs; without these, a build of tomorrow might need another Go. */
const GO_MOD = `module h2specd

go 1.19

require (
	github.com/fatih/color v1.16.0
	github.com/spf13/cobra v1.8.0
	github.com/summerwind/h2spec ${H2SPEC}
	golang.org/x/net v0.17.0
)
`;
const CLIENT = join("packages", "probe-core", "test", "h2specd-client.mjs");
/** h2specd listens on a port for each case, one after the other. */
const PORTS = 64;

/** The program, built if it is not there. `null` where there is no Go. */
async function h2specd() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = join(cache, "drainprobe", "h2spec", H2SPEC);
  const program = join(folder, process.platform === "win32" ? "h2specd.exe" : "h2specd");
  if (existsSync(program)) return program;
  if ((await run("go", ["version"], { quiet: true })).code !== 0) return null;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "go.mod"), GO_MOD);
  const built = await run("go", ["build", "-mod=mod", "-o", program, "github.com/summerwind/h2spec/cmd/h2specd"], {
    cwd: folder,
    quiet: true,
    timeoutMs: 300_000,
  });
  if (built.code !== 0) throw new Error(`h2specd could not be built:\n${built.output}`);
  return program;
}

function canListen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** First of `PORTS` free ports in a row, below the range that the system hands out for outgoing connections. */
async function freePorts() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 12_000 + Math.floor(Math.random() * 18_000);
    let free = 0;
    while (free < PORTS && (await canListen(first + free))) free += 1;
    if (free === PORTS) return first;
  }
  throw new Error(`found no ${PORTS} free ports in a row`);
}

/** `--exec` is cut at spaces, so no part of the command may hold one. */
function clientCommand() {
  const node = process.execPath.includes(" ") ? "node" : process.execPath;
  return `${node} ${CLIENT}`;
}

async function main(sections) {
  if (!existsSync(join(ROOT, "packages", "probe-core", "dist", "h2", "index.js"))) {
    throw new Error("nothing is built: run `npm run build` first");
  }
  const program = await h2specd();
  if (program === null) {
    console.log("skipped: h2specd is a Go program, and there is no Go here");
    return;
  }
  const args = ["--exec", clientCommand(), "--from-port", String(await freePorts()), ...sections];
  const { code, output } = await run(program, args, { quiet: true, timeoutMs: 240_000 });
  // Its accept loops go on for a moment after it closed their sockets, and complain.
  const text = stripVTControlCharacters(output).replace(/^accept tcp .*: use of closed network connection\n/gm, "");
  console.log(text.trim());
  // It exits with 0 whatever failed, so the sum is what counts; without one it gave up in the middle.
  const sum = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(text);
  const [tests, passed] = sum === null ? [0, 0] : [Number(sum[1]), Number(sum[2])];
  if (code !== 0 || tests === 0) console.log(`h2specd gave no result (exit code ${code})`);
  finish(passed, code !== 0 || tests === 0 ? 1 : tests - passed);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
