import { readdirSync, readlinkSync, realpathSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Door } from "../src/embedded/balancer/door.js";
import { openDoor } from "../src/embedded/balancer/open-door.js";
import { makePlaneDir, type PlaneDir } from "../src/kube/plane-dir.js";
import { freePort } from "../src/kube/ports.js";

const HOST = "127.0.0.1";
/** Longer than a SYN on loopback takes, shorter than its retransmission. */
const UNANSWERED_MS = 500;
/** Where an answer must come, however busy the machine is. */
const PATIENT_MS = 20_000;

/** What a new connection meets. */
type Met = "greeted" | "refused" | "unanswered" | "accepted, and no word";

let dir: PlaneDir;
let door: Door;
let port: number;
const sockets = new Set<Socket>();

beforeEach(async () => {
  dir = makePlaneDir(tmpdir());
  port = await freePort([HOST]);
  door = await openDoor({ dir, host: HOST, port, silence: true, onClient: (client) => client.end("hello") });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await door.close();
  await dir.remove();
});

describe.runIf(process.platform === "linux")("a door that can say nothing", () => {
  it("takes, falls silent, refuses and takes again, in any order", { timeout: 8 * PATIENT_MS }, async () => {
    expect(await meets(PATIENT_MS)).toBe("greeted");
    for (const state of [
      "silent",
      "open",
      "silent",
      "refusing",
      "silent",
      "refusing",
      "open",
      "silent",
      "open",
    ] as const) {
      door.set(state);
      const expected = { open: "greeted", refusing: "refused", silent: "unanswered" }[state] as Met;
      await expect.poll(() => meets(UNANSWERED_MS), { timeout: PATIENT_MS, interval: 0 }).toBe(expected);
    }
  });

  it("ends where it was told last, however quickly it was told", { timeout: 2 * PATIENT_MS }, async () => {
    for (const state of ["silent", "refusing", "open", "silent", "open", "refusing"] as const) door.set(state);
    await expect.poll(() => meets(UNANSWERED_MS), { timeout: PATIENT_MS, interval: 0 }).toBe("refused");
  });

  it("needs nobody else's time while it is open", { timeout: 2 * PATIENT_MS }, async () => {
    const holder = holderPid();
    process.kill(holder, "SIGSTOP");
    const met = await Promise.all(Array.from({ length: 100 }, () => meets(PATIENT_MS)));
    process.kill(holder, "SIGCONT");
    expect(met.filter((each) => each !== "greeted")).toEqual([]);
  });
});

function meets(withinMs: number): Promise<Met> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    sockets.add(socket);
    const done = (met: Met): void => {
      clearTimeout(timer);
      sockets.delete(socket);
      socket.destroy();
      resolve(met);
    };
    // Whoever is let in has an answer, from the kernel, whether a process takes it or not.
    const timer = setTimeout(() => done(socket.connecting ? "unanswered" : "accepted, and no word"), withinMs);
    socket.once("data", () => done("greeted"));
    socket.once("error", () => done("refused"));
  });
}

/** The process that works in the door's folder. */
function holderPid(): number {
  const cwd = realpathSync(`${dir.path}/door-${HOST}-${port}`);
  const found = readdirSync("/proc").find((entry) => {
    try {
      return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`) === cwd;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error("nobody holds the door");
  return Number(found);
}
