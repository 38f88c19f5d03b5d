import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { parsePcap, type Segment } from "../../../bench/src/packets/pcap.js";
import { endAllIn, type OwnedProcess, startProcess } from "./owned-process.js";
import { makeDir } from "./run-dir.js";
import { until } from "./until.js";

/** tcpdump at work on loopback. */
export interface Capture extends AsyncDisposable {
  /** Ends it. Every segment sent before the call is in the answer; throws where tcpdump lost some. */
  finish(): Promise<Segment[]>;
}

/** Enough for Ethernet, IP and TCP headers with options; the contents are encrypted anyway. */
const SNAPSHOT_BYTES = 128;
const RING_KIB = 65_536;

/** Starts tcpdump for one TCP port and resolves when it listens. */
export async function startCapture(port: number): Promise<Capture> {
  const dir = makeDir("capture");
  const file = join(dir, "lo.pcap");
  const sentinel = await openSentinel();
  const tcpdump = await startProcess(
    "tcpdump",
    [
      ...["-i", "lo", "-n", "-U", "--immediate-mode", "--time-stamp-precision=nano", "-Z", "root"],
      ...["-s", String(SNAPSHOT_BYTES), "-B", String(RING_KIB), "-w", file],
      `tcp and (port ${port} or port ${sentinel.port})`,
    ],
    { dir },
  );
  await until(() => failsafe(tcpdump).stderr().includes("listening on"), {
    what: () => `tcpdump: ${tcpdump.stderr()}`,
  });

  const end = async (): Promise<void> => {
    sentinel.server.close();
    await endAllIn(dir);
  };
  return {
    async finish() {
      // The kernel keeps the order: once the sentinel's packet is in the file, so is everything before it.
      await sentinel.send();
      const sent = `127.0.0.1:${sentinel.port}`;
      await until(() => parsePcap(readFileSync(file)).some((segment) => segment.to === sent), {
        what: "the sentinel packet in the capture",
      });
      failsafe(tcpdump).signal("SIGINT");
      await tcpdump.exited;
      const lost = /(\d+) packets dropped by kernel/.exec(tcpdump.stderr())?.[1];
      if (lost !== "0") throw new Error(`tcpdump lost packets: ${tcpdump.stderr()}`);
      await end();
      return parsePcap(readFileSync(file)).filter((segment) => segment.to !== sent && segment.from !== sent);
    },
    [Symbol.asyncDispose]: end,
  };
}

function failsafe(tcpdump: OwnedProcess): OwnedProcess {
  if (tcpdump.exit() !== null) throw new Error(`tcpdump ended: ${tcpdump.stderr()}`);
  return tcpdump;
}

async function openSentinel(): Promise<{ server: Server; port: number; send: () => Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the sentinel has no port");
  const { port } = address;
  const send = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.resume();
      socket.once("error", reject);
      socket.once("close", () => resolve());
    });
  return { server, port, send };
}
