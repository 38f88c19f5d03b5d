import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord } from "@drainprobe/core";
import { afterEach, describe, expect, it } from "vitest";
import { Network } from "./support/hardening/net.js";
import {
  DNS_SERVER,
  node,
  type ProbeRun,
  startProbe,
  startServer,
  textOf,
  typesOf,
  type Wrapping,
} from "./support/hardening/probe.js";
import { endAllIn } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const CLIENT = "10.202.0.1";
const SERVER = "10.202.0.2";
const OTHER = "10.202.0.3";
const VIP = "10.202.0.100";
const PORT = 6443;
const QUICK = [
  "--ping-interval",
  "50ms",
  "--ping-timeout",
  "500ms",
  "--connect-timeout",
  "1s",
  "--request-timeout",
  "1s",
];
const LANES = ["--sessions", "1", "--rate", "20", "--idle", "1", "--fresh-h2", "5"];

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await endAllIn(dir);
});

async function serve(wrapping: Wrapping, host: string): Promise<void> {
  dirs.push((await startServer({ wrapping, host, port: PORT })).dir);
}

async function probe(...parameters: Parameters<typeof startProbe>): Promise<ProbeRun> {
  const run = await startProbe(...parameters);
  dirs.push(run.dir);
  return run;
}

/** Until the log holds so many lines with this text. */
async function logged(run: ProbeRun, text: string, times = 1): Promise<void> {
  await until(() => textOf(run.log).split(text).length > times, { what: `${times} × ${text}`, withinMs: 30_000 });
}

function after(records: readonly LogRecord[], kind: string, t: number): boolean {
  return records.some((record) => record.kind === kind && "t" in record && record.t > t);
}

function lastOf(records: readonly LogRecord[], kind: string): number {
  return records.reduce((last, record) => (record.kind === kind && "t" in record ? record.t : last), 0);
}

describe("the network between us and a healthy server", () => {
  it("its interface goes down and comes up: silence, then sessions again", async () => {
    using network = new Network();
    const client = network.host("c", CLIENT);
    await serve(network.host("s", SERVER), SERVER);
    const run = await probe(["--target", `http://${SERVER}:${PORT}/`, ...LANES, ...QUICK], { wrapping: client });
    network.in("s", "ip", "link", "set", "eth0", "down");
    await logged(run, '"h2.ping.expired"', 2);
    await logged(run, '"tcp.connect.expired"');
    network.in("s", "ip", "link", "set", "eth0", "up");
    const ready = textOf(run.log).split('"session.ready"').length - 1;
    await logged(run, '"session.ready"', ready + 2);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect(summary.verdict).toBe("fail");
    expect(summary.connections.closed.silent).toBeGreaterThanOrEqual(2);
    expect(typesOf(summary)).toEqual(expect.arrayContaining(["h2.ping.timed_out", "tcp.timed_out"]));
    expect(summary.paths[0]?.newConnections.longestGapNs).toBeGreaterThan(0);
  });

  it("our own interface goes down: the kernel says so, and the verdict repeats it", async () => {
    using network = new Network();
    const client = network.host("c", CLIENT);
    await serve(network.host("s", SERVER), SERVER);
    const run = await probe(["--target", `http://${SERVER}:${PORT}/`, ...LANES, ...QUICK], { wrapping: client });
    network.in("c", "ip", "link", "set", "eth0", "down");
    await logged(run, '"tcp.connect.failed"', 3);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect(typesOf(summary)).toEqual(expect.arrayContaining(["h2.ping.timed_out", "tcp.unreachable"]));
    expect(summary.verdict).toBe("fail");
  });

  it("an MTU black hole: small answers come, large requests are lost, then the connection", async () => {
    using network = new Network();
    const client = network.host("c", CLIENT);
    await serve(network.host("s", SERVER), SERVER);
    const body = "x".repeat(4_000);
    const large = await probe(
      [
        "--target",
        `http://${SERVER}:${PORT}/`,
        "--sessions",
        "1",
        "--rate",
        "10",
        "--idle",
        "1",
        "--request",
        `POST / ${body}`,
        ...QUICK,
      ],
      { wrapping: client },
    );
    await logged(large, '"h2.stream.ended"', 3);
    // Larger packets than this vanish at the server's door, and nobody tells the sender.
    network.in(
      "s",
      "nft",
      "add table inet hole; add chain inet hole in { type filter hook input priority 0; }; add rule inet hole in meta length > 600 drop",
    );
    await logged(large, '"h2.ping.expired"');
    large.process.signal("SIGTERM");
    const { summary, records } = await large.result();
    expect(summary.verdict).toBe("fail");
    expect(typesOf(summary)).toEqual(["h2.ping.timed_out"]);
    // The idle session sends nothing large and lives on: it is the size, and not the way.
    const silent = records.flatMap((r) => (r.kind === "h2.ping.expired" ? [r.conn] : []));
    const idle = records.flatMap((r) => (r.kind === "session.ready" && r.lane === "idle" ? [r.conn] : []));
    expect(idle.some((conn) => silent.includes(conn))).toBe(false);
    expect(after(records, "h2.ping.acknowledged", lastOf(records, "h2.ping.expired"))).toBe(true);
  });

  it("the connection tracking of a router is flushed: flows it rewrites are lost", async () => {
    using network = new Network();
    const client = network.host("c", CLIENT);
    await serve(network.host("s", SERVER), SERVER);
    network.host("r", OTHER);
    network.in("r", "ip", "address", "add", `${VIP}/32`, "dev", "eth0");
    network.in(
      "r",
      "sysctl",
      "-qw",
      "net.ipv4.ip_forward=1",
      "net.ipv4.conf.all.send_redirects=0",
      "net.ipv4.conf.eth0.send_redirects=0",
      "net.netfilter.nf_conntrack_tcp_loose=0",
    );
    network.in(
      "r",
      "nft",
      `add table ip balancer; add chain ip balancer pre { type nat hook prerouting priority -100; }; add rule ip balancer pre ip daddr ${VIP} tcp dport ${PORT} dnat to ${SERVER}; ` +
        "add chain ip balancer post { type nat hook postrouting priority 100; }; add rule ip balancer post masquerade",
    );
    const run = await probe(["--target", `http://${VIP}:${PORT}/`, ...LANES, ...QUICK], { wrapping: client });
    await logged(run, '"h2.stream.ended"', 5);
    const before = textOf(run.log).split('"session.ready"').length - 1;
    network.in("r", "conntrack", "-F");
    await logged(run, '"session.ready"', before + 2);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect(summary.verdict).toBe("fail");
    // The packets reach the router itself, whose kernel knows no such connection and resets it; or they are dropped.
    for (const type of typesOf(summary)) expect(["tcp.reset", "h2.ping.timed_out"]).toContain(type);
    expect(summary.incidents.length).toBeGreaterThanOrEqual(2);
  });

  it("the balancer's address moves to another host: resets at once, and new connections work", async () => {
    using network = new Network();
    const client = network.host("c", CLIENT);
    await serve(network.host("s", SERVER), "0.0.0.0");
    await serve(network.host("o", OTHER), "0.0.0.0");
    network.in("s", "ip", "address", "add", `${VIP}/32`, "dev", "eth0");
    const run = await probe(["--target", `http://${VIP}:${PORT}/`, ...LANES, ...QUICK], { wrapping: client });
    await logged(run, '"h2.stream.ended"', 5);
    const before = textOf(run.log).split('"session.ready"').length - 1;
    network.in("s", "ip", "address", "del", `${VIP}/32`, "dev", "eth0");
    network.in("o", "ip", "address", "add", `${VIP}/32`, "dev", "eth0");
    // What keepalived announces by gratuitous ARP.
    network.in("c", "ip", "neigh", "flush", "all");
    await logged(run, '"session.ready"', before + 2);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect(summary.verdict).toBe("fail");
    // A session that sends nothing in that moment may notice it by silence instead.
    expect(summary.connections.byType["tcp.reset"]).toBeGreaterThanOrEqual(1);
    expect(summary.incidents.length).toBeGreaterThanOrEqual(2);
  });
});

describe("names", () => {
  async function named(network: Network): Promise<{ wrapping: Wrapping; answers: string }> {
    const wrapping = network.host("c", CLIENT);
    network.nameServer("c", "127.0.0.1");
    const dir = makeDir("dns");
    dirs.push(dir);
    const answers = join(dir, "answers");
    writeFileSync(answers, `answer ${SERVER}\n`);
    const dns = await node(wrapping, [DNS_SERVER, answers], dir);
    await until(() => dns.stdout().includes("ready"), {
      what: () => `a name server: ${dns.stderr()}`,
      withinMs: 30_000,
    });
    return { wrapping, answers };
  }
  const NAMED = ["--target", `http://api.cluster.test:${PORT}/`, ...LANES, ...QUICK, "--connect-timeout", "3s"];

  it("stop being resolved: new connections fail by name, held ones live", async () => {
    using network = new Network();
    const { wrapping, answers } = await named(network);
    await serve(network.host("s", SERVER), SERVER);
    const run = await probe(NAMED, { wrapping });
    writeFileSync(answers, "code 3\n");
    await logged(run, '"dns.resolve.failed"', 5);
    writeFileSync(answers, "code 2\n");
    await logged(run, '"EAI_AGAIN"', 2);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect(summary.verdict).toBe("fail");
    expect(typesOf(summary)).toEqual(["dns.failed", "dns.name_not_resolved"]);
    expect(summary.connections.closed.alive).toBeGreaterThanOrEqual(2);
  });

  it("change: new connections go to the new address, and nothing fails", async () => {
    using network = new Network();
    const { wrapping, answers } = await named(network);
    await serve(network.host("s", SERVER), SERVER);
    await serve(network.host("o", OTHER), OTHER);
    const run = await probe(NAMED, { wrapping });
    await logged(run, `"remote":"${SERVER}:${PORT}"`, 3);
    writeFileSync(answers, `answer ${OTHER}\n`);
    await logged(run, `"remote":"${OTHER}:${PORT}"`, 3);
    run.process.signal("SIGTERM");
    const { summary } = await run.result();
    expect([summary.connections.failed, summary.requests.failed]).toEqual([0, 0]);
  });

  it("are slow: the connection takes as long, and only beyond the connect timeout it fails", async () => {
    using network = new Network();
    const { wrapping, answers } = await named(network);
    await serve(network.host("s", SERVER), SERVER);
    writeFileSync(answers, `answer ${SERVER}\ndelay 300\n`);
    const slow = await probe([...NAMED, "--duration", "4s"], { wrapping });
    const { summary } = await slow.result();
    expect([summary.connections.failed, summary.requests.failed], JSON.stringify(summary.connections)).toEqual([0, 0]);
    writeFileSync(answers, "silence\n");
    const mute = await probe([...NAMED.slice(0, -2), "--connect-timeout", "500ms", "--duration", "3s"], {
      wrapping,
      begun: null,
    });
    const result = await mute.result();
    expect(typesOf(result.summary)).toEqual(["dns.failed"]);
  });
});
