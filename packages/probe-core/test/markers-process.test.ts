import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchProcess } from "../src/kube/markers/process.js";
import { MarkerRig } from "./marker-rig.js";

const MS = 1e6;
let rig: MarkerRig;
const children: ChildProcess[] = [];
beforeEach(() => {
  rig = new MarkerRig();
});
afterEach(async () => {
  await rig.stop();
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child);
});

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** A process that listens on a port, and says when it does. */
async function listener(port: number): Promise<ChildProcess> {
  const program = `require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout ?? child, "data");
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const msOf = (iso: string | null): number => Date.parse(`${iso?.slice(0, 23)}Z`);

describe.runIf(process.platform === "linux")("the API server's process", () => {
  it("is found by its port, told when it is gone, and its successor by when the kernel started it", async () => {
    const port = await freePort();
    const before = Date.now();
    const first = await listener(port);
    const up = Date.now();
    rig.run(watchProcess({ backend: "master-0", host: "127.0.0.1", port, everyNs: 5 * MS }, rig.deps));
    const started = await rig.marker(1);
    expect(started).toMatchObject({ source: "process", backend: "master-0", marker: "process.started" });
    expect(started.detail).toBe(`pid ${first.pid}`);
    expect(started.resolutionNs).toBe(20 * MS);
    expect(msOf(started.saidAt) + 20 + 2).toBeGreaterThanOrEqual(before);
    expect(msOf(started.saidAt)).toBeLessThanOrEqual(up);

    await kill(first);
    const gone = await rig.marker(2);
    expect(gone).toMatchObject({ marker: "process.gone", saidAt: null, detail: `pid ${first.pid}` });
    const between = Date.now();
    const second = await listener(port);
    const next = await rig.marker(3);
    expect(next).toMatchObject({ marker: "process.started", detail: `pid ${second.pid}` });
    expect(msOf(next.saidAt) + 20 + 2).toBeGreaterThanOrEqual(between);
    expect(msOf(next.saidAt)).toBeLessThanOrEqual(Date.now());
  });

  it("is not one that listens at another address of this host", async () => {
    const port = await freePort();
    await listener(port);
    rig.run(watchProcess({ backend: "b", host: "127.0.0.7", port, everyNs: 5 * MS }, rig.deps));
    await rig.until(() => rig.notices[0]);
    await rig.round();
    expect(rig.events).toEqual([]);
  });

  it("is the one given by its pid, though it listens nowhere", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
    children.push(child);
    const port = await freePort();
    rig.run(watchProcess({ backend: "b", host: "127.0.0.1", port, pid: child.pid ?? 0, everyNs: 5 * MS }, rig.deps));
    expect(await rig.marker(1)).toMatchObject({ detail: `pid ${child.pid}` });
  });

  it("is not told where none is visible, and that is told once", async () => {
    rig.run(watchProcess({ backend: "b", host: "127.0.0.1", port: await freePort(), everyNs: 5 * MS }, rig.deps));
    await rig.until(() => rig.notices[0]);
    await rig.round();
    expect(rig.notices).toHaveLength(1);
    expect(rig.events).toEqual([]);
  });

  it("costs nothing but its markers where there is no /proc", async () => {
    rig.run(watchProcess({ backend: "b", host: "127.0.0.1", port: 1, everyNs: 5 * MS, proc: "/nowhere" }, rig.deps));
    await rig.until(() => rig.notices[0]);
    await rig.round();
    expect(rig.events).toEqual([]);
  });

  it("is known by its name, among others and in hyperkube; a process that waits to be reaped is gone", async () => {
    const proc = mkdtempSync(join(tmpdir(), "drainprobe-proc-"));
    const write = (pid: number, name: string, state: string, ticks: number, commandLine = name): void => {
      mkdirSync(join(proc, String(pid)), { recursive: true });
      const fields = [state, ...Array(18).fill("0"), ticks, "0"].join(" ");
      writeFileSync(join(proc, `${pid}/stat`), `${pid} (${name}) ${fields}`);
      writeFileSync(join(proc, `${pid}/comm`), `${name}\n`);
      writeFileSync(join(proc, `${pid}/cmdline`), commandLine);
    };
    try {
      writeFileSync(join(proc, "uptime"), "1000.50 5.00\n");
      write(7, "bash) R 1 (", "S", 10);
      write(8, "hyperkube", "S", 99_000, "hyperkube\0kubelet");
      write(9, "hyperkube", "S", 99_050, "hyperkube\0kube-apiserver\0--v=2");
      rig.run(watchProcess({ backend: "b", host: "127.0.0.1", port: 1, everyNs: 5 * MS, proc }, rig.deps));
      const first = await rig.marker(1);
      expect(first.detail).toBe("pid 9");
      expect(Date.now() - msOf(first.saidAt)).toBeGreaterThanOrEqual(10_000);
      write(9, "hyperkube", "Z", 99_050);
      expect(await rig.marker(2)).toMatchObject({ marker: "process.gone" });
      write(10, "kube-apiserver", "R", 100_020);
      expect(await rig.marker(3)).toMatchObject({ marker: "process.started", detail: "pid 10" });
    } finally {
      await rig.stop();
      rmSync(proc, { recursive: true });
    }
  });
});
