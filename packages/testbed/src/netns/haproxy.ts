import { access, constants, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { type OwnedProcess, startOwned } from "../kube/owned-process.js";
import type { PlaneDir } from "../kube/plane-dir.js";
import { tail } from "../kube/tail.js";
import { until } from "../kube/until.js";
import type { HealthCheckSettings } from "../lab/lab-scenario.js";
import { PORT, type Target, VIP } from "./addresses.js";

/** Where each tells what it knows. */
const STATS_PORT = 9_999;

/** One haproxy of a lab. */
export interface HaproxyPlan {
  readonly name: string;
  readonly checks: HealthCheckSettings;
  /** Sessions are ended as soon as their server is marked down. */
  readonly onMarkedDown: boolean;
  readonly targets: readonly Target[];
  /** An address of the namespace it runs in, where it tells what it knows. */
  readonly address: string;
  /** Where that is not the namespace this process is in. */
  readonly namespace?: string;
}

/** Where it is, or `null`. */
export async function findProgram(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter((f) => f !== "")) {
    const program = join(folder, name);
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  return null;
}

/** The configuration, as on bare metal: layer 4, TLS passed through, `GET /readyz` over TLS as the health check. */
export function haproxyConfig({ checks, onMarkedDown, targets, address }: HaproxyPlan): string {
  const check = [
    `inter ${checks.everyMs}ms`,
    `fall ${checks.fall}`,
    `rise ${checks.rise}`,
    ...(onMarkedDown ? ["on-marked-down shutdown-sessions"] : []),
    "check",
    ...(checks.probe === "readyz" ? ["check-ssl", "verify none"] : []),
  ].join(" ");
  return [
    "global",
    "  maxconn 8000",
    `  stats socket ipv4@${address}:${STATS_PORT} level user`,
    "defaults",
    "  mode tcp",
    "  timeout connect 5s",
    "  timeout client 24h",
    "  timeout server 24h",
    `  timeout check ${checks.timeoutMs ?? checks.everyMs}ms`,
    "listen api",
    `  bind ${VIP}:${PORT}`,
    "  balance roundrobin",
    ...(checks.probe === "readyz" ? ["  option httpchk GET /readyz", "  http-check expect status 200"] : []),
    ...targets.map(({ index, address }) => `  server m${index} ${address}:${PORT} ${check}`),
    "",
  ].join("\n");
}

/** A running haproxy. */
export interface Haproxy {
  /** Masters it takes to be up. */
  up(): Promise<ReadonlySet<number>>;
  stop(): Promise<void>;
}

/** Starts Debian's haproxy. The VIP need not be an address of its namespace yet, if the kernel there lets programs listen on others' addresses. */
export async function startHaproxy(plan: HaproxyPlan, dir: PlaneDir): Promise<Haproxy> {
  const { name, namespace, address } = plan;
  const program = await findProgram("haproxy");
  if (program === null) throw new Error("no haproxy in PATH");
  const cwd = join(dir.path, name);
  const [config, logFile] = [join(dir.path, `${name}.cfg`), join(dir.path, `${name}.log`)];
  await writeFile(config, haproxyConfig(plan));
  const own = { program, args: ["-db", "-f", config] };
  const command =
    namespace === undefined ? own : { program: "ip", args: ["netns", "exec", namespace, program, ...own.args] };
  const owned: OwnedProcess = await startOwned({ ...command, cwd, dir, logFile });
  const up = async (): Promise<ReadonlySet<number>> => upServers(await showStat(address));
  await until(async () => {
    if (owned.exit() !== null) throw new Error(`haproxy ended:\n${await tail(logFile)}`);
    return up().then(
      () => null,
      (error) => `haproxy does not answer: ${String(error)}`,
    );
  }, 10_000);
  return {
    up,
    async stop() {
      owned.signal("SIGKILL");
      await owned.exited;
    },
  };
}

/** Names (fields 2) of the rows of `show stat` whose status (field 18) is UP, with or without checks still to pass before a change. */
function upServers(csv: string): ReadonlySet<number> {
  const rows = csv.split("\n").map((line) => line.split(","));
  return new Set(
    rows
      .filter((row) => /^m\d$/.test(row[1] ?? "") && row[17]?.startsWith("UP"))
      .map((row) => Number(row[1]?.slice(1))),
  );
}

function showStat(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: STATS_PORT });
    let text = "";
    socket.setEncoding("latin1");
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer in 2 s")));
    socket.on("data", (part: string) => {
      text += part;
    });
    socket.once("error", reject);
    socket.once("end", () => resolve(text));
    socket.write("show stat\n");
  });
}
