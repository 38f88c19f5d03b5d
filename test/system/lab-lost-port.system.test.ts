import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BalancerSettings } from "../../packages/testbed/src/lab/lab-scenario.js";
import { PORT, type Target, VIP } from "../../packages/testbed/src/netns/addresses.js";
import { command } from "../../packages/testbed/src/netns/command.js";
import { newLabId } from "../../packages/testbed/src/netns/lab-id.js";
import { type LabNamespaces, makeNamespaces, removeLab } from "../../packages/testbed/src/netns/namespaces.js";
import { hubRules, masterRules, type TrafficState } from "../../packages/testbed/src/netns/rules.js";

const CHECKS = { probe: "readyz", everyMs: 1_000, fall: 2, rise: 2 } as const;
const BALANCER: BalancerSettings = { model: "gcp-ilb-routes", checks: CHECKS, watcher: CHECKS };
/** Longer than a SYN within one machine takes, shorter than its first repetition. */
const UNANSWERED_MS = 700;

const SERVER = `require("node:net").createServer((client) => client.on("error", () => {}).pipe(client)).listen(${PORT}, "0.0.0.0", () => process.stdout.write("up"))`;
const clientAt = (own: string, port: number): string =>
  `const socket = require("node:net").connect({ host: "${VIP}", port: ${PORT}, localAddress: "${own}", localPort: ${port} });
   const tell = (what) => { process.stdout.write(what); process.exit(); };
   socket.once("connect", () => tell("connected")).once("error", ({ code }) => tell(code));
   setTimeout(() => tell("unanswered"), ${UNANSWERED_MS});`;

/** Holds a connection, over which what it reads goes and comes back; at its end it says how that came. */
const holderAt = (own: string, port: number): string =>
  `const socket = require("node:net").connect({ host: "${VIP}", port: ${PORT}, localAddress: "${own}", localPort: ${port} });
   socket.once("connect", () => process.stdout.write("up")).once("error", ({ code }) => process.stdout.write(code));
   process.stdin.pipe(socket).pipe(process.stdout);`;

let lab: LabNamespaces;
let master: Target;

beforeAll(async () => {
  lab = await makeNamespaces(newLabId());
  const [first] = lab.masters;
  if (first === undefined) throw new Error("a lab without masters");
  master = first;
  await inNamespace(lab.hub, "", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
  for (const { namespace } of lab.masters) expect(await nextOutput(programIn(namespace, SERVER))).toBe("up");
});

afterAll(async () => {
  await removeLab(lab.labId);
});

it("a SYN that is lost while the redirect is away takes its port with it, until its entry is deleted", async () => {
  const [lost, fresh] = [40_000, 40_001];
  await redirect(false);
  expect(await connectFrom(lost)).toBe("unanswered");

  await redirect(true);
  expect(await connectFrom(fresh)).toBe("connected");
  expect(await connectFrom(lost)).toBe("unanswered");

  await inMaster("conntrack", "-D", "-p", "tcp", "--orig-dst", VIP, "--state", "SYN_SENT");
  expect(await connectFrom(lost)).toBe("connected");
});

it("does not, where SYNs are not tracked while the redirect is away, and held connections stay", async () => {
  const port = 40_002;
  await redirect(true);
  const held = programIn(master.namespace, holderAt(master.address, 40_003));
  expect(await nextOutput(held)).toBe("up");
  const raw = "add chain ip drainprobe raw { type filter hook output priority raw; }";
  const syn = `ip daddr ${VIP} tcp dport ${PORT} tcp flags & (fin | syn | rst | ack) == syn notrack`;
  await redirect(false);
  await inMaster("nft", `${raw}; add rule ip drainprobe raw ${syn}`);
  expect(await connectFrom(port)).toBe("unanswered");
  held.stdin?.write("still here");
  expect(await nextOutput(held)).toBe("still here");

  await inMaster("nft", "flush chain ip drainprobe raw");
  await redirect(true);
  expect(await connectFrom(port)).toBe("connected");
});

it("a port whose connection a balancer has reset is reset again when it is used soon after", async () => {
  const [used, fresh] = [40_010, 40_011];
  const nlb: BalancerSettings = { model: "aws-nlb", checks: CHECKS, propagationMs: 0, terminateUnhealthy: true };
  const to = (programmed: number, terminated: readonly number[]): Promise<string> =>
    inHub(nlb, traffic({ programmed: new Set([programmed]), terminated: new Set(terminated) }));
  await inMaster("nft", "flush ruleset");
  await to(1, []);
  const held = programIn(master.namespace, holderAt(master.address, used));
  expect(await nextOutput(held)).toBe("up");

  await to(2, [1]);
  held.stdin?.write("still here?");
  expect(await nextOutput(held)).toBe("ECONNRESET");
  expect(await connectFrom(fresh)).toBe("connected");
  expect(await connectFrom(used)).toBe("ECONNREFUSED");

  await inNamespace(lab.hub, "", "conntrack", "-D", "-p", "tcp", "--orig-dst", VIP, "--state", "CLOSE");
  expect(await connectFrom(used)).toBe("connected");
});

/** Puts the master's own redirect in place, or takes it away; the master is in rotation, so the hub drops what then comes from it. */
async function redirect(there: boolean): Promise<void> {
  const state = traffic({ redirected: new Set(there ? [master.index] : []) });
  await inHub(BALANCER, state);
  await inNamespace(master.namespace, masterRules(BALANCER, master, state) ?? "", "nft", "-f", "-");
}

/** Everybody is in rotation and nobody else anything, but for what is said. */
function traffic(said: Partial<TrafficState>): TrafficState {
  const programmed = new Set(lab.masters.map(({ index }) => index));
  return { programmed, terminated: new Set(), redirected: new Set(), holder: 0, ...said };
}

const inHub = (settings: BalancerSettings, state: TrafficState): Promise<string> =>
  inNamespace(lab.hub, hubRules(settings, lab.masters, state), "nft", "-f", "-");

function programIn(namespace: string, source: string): ChildProcess {
  return spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", source]);
}

/** What a program says next. */
async function nextOutput({ stdout }: ChildProcess): Promise<string> {
  const [data] = await once(stdout as NodeJS.ReadableStream, "data");
  return String(data);
}

const connectFrom = (port: number): Promise<string> => inMaster(process.execPath, "-e", clientAt(master.address, port));
const inMaster = (...words: readonly string[]): Promise<string> => inNamespace(master.namespace, "", ...words);
const inNamespace = (namespace: string, input: string, ...words: readonly string[]): Promise<string> =>
  command("ip", ["netns", "exec", namespace, ...words], input);
