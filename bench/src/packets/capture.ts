import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parsePcap, type Segment } from "./pcap.js";

/** tcpdump at work on loopback. */
export interface Capture extends AsyncDisposable {
  /** Ends it. Every segment sent before the call is in the answer; throws where tcpdump lost some. */
  finish(): Promise<Segment[]>;
}

const RING_KIB = 65_536;
const POLL_MS = 50;

/**
 * Starts tcpdump for one TCP port, content included, and resolves when it listens. Unlike the one of the system tests it takes packets from
 * the kernel in blocks, not each as it comes: a tcpdump that wakes for every packet takes a core from what is measured.
 */
export async function startCapture(port: number): Promise<Capture> {
  const dir = mkdtempSync(join(tmpdir(), "drainprobe-capture-"));
  const file = join(dir, "lo.pcap");
  const sentinel = createServer((socket) => socket.on("error", () => {}).destroy());
  await new Promise<void>((resolve) => sentinel.listen(0, "127.0.0.1", resolve));
  const address = sentinel.address();
  if (address === null || typeof address === "string") throw new Error("the sentinel has no port");
  const tcpdump = spawn(
    "tcpdump",
    [
      ...["-i", "lo", "-n", "-U", "--time-stamp-precision=nano", "-Z", "root", "-s", "0", "-B", String(RING_KIB)],
      ...["-w", file, `tcp and (port ${port} or port ${address.port})`],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  tcpdump.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const gone = new Promise<void>((resolve) => {
    tcpdump.once("error", (error) => {
      said += error.message;
      resolve();
    });
    tcpdump.once("close", () => resolve());
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      if (tcpdump.exitCode !== null || tcpdump.pid === undefined) throw new Error(`tcpdump ended: ${said.trim()}`);
      await wait(POLL_MS);
    }
  };
  const end = async (): Promise<void> => {
    sentinel.close();
    if (tcpdump.exitCode === null && tcpdump.pid !== undefined) tcpdump.kill("SIGKILL");
    await gone;
    rmSync(dir, { recursive: true, force: true });
  };
  await until(() => said.includes("listening on"));
  return {
    async finish() {
      // The kernel keeps the order: once the sentinel's packet is in the file, so is everything before it.
      await new Promise<void>((resolve) => {
        connect(address.port, "127.0.0.1")
          .on("error", () => {})
          .once("close", () => resolve())
          .resume();
      });
      const mark = `127.0.0.1:${address.port}`;
      await until(() => parsePcap(readFileSync(file)).some(({ to }) => to === mark));
      tcpdump.kill("SIGINT");
      await gone;
      const lost = /(\d+) packets dropped by kernel/.exec(said)?.[1];
      if (lost !== "0") throw new Error(`tcpdump lost packets: ${said.trim()}`);
      return parsePcap(readFileSync(file)).filter(({ from, to }) => from !== mark && to !== mark);
    },
    [Symbol.asyncDispose]: end,
  };
}
