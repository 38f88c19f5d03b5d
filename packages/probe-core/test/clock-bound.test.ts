import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { SystemClock } from "../src/clock/system-clock.js";
import type { Instant } from "../src/events/index.js";
import { seeded } from "./witness-client.js";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const PACKETS = 400;

/** Sends the monotonic clock's time, 8 bytes at a time, at irregular moments: on loopback it arrives when it is sent. */
const SENDER = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    let state = ${seed};
    const random = () => ((state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff);
    const next = () => {
      if (socket.destroyed) return;
      const packet = Buffer.alloc(8);
      packet.writeBigUInt64BE(process.hrtime.bigint());
      socket.write(packet);
      setTimeout(next, 1 + random() * 4);
    };
    next();
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

interface Sample extends Instant {
  readonly sentAt: number;
}

async function measure(load: (stopped: () => boolean) => void): Promise<Sample[]> {
  const clock = new SystemClock();
  const epoch = BigInt(clock.monotonicEpochNs);
  const sender = new Worker(SENDER, { eval: true });
  const [port] = (await once(sender, "message")) as [number];
  const stopPulse = clock.watchStalls(() => {});
  const samples: Sample[] = [];
  const socket = connect(port, "127.0.0.1");
  let done = false;
  await new Promise<void>((resolve) => {
    load(() => done);
    socket.on("data", (bytes: Buffer) => {
      const at = clock.instant();
      // When several came at once, the first is the one that waited longest.
      const sentAt = Number(bytes.readBigUInt64BE(0) - epoch);
      samples.push({ ...at, sentAt });
      if (samples.length >= PACKETS) resolve();
    });
  });
  done = true;
  stopPulse();
  socket.destroy();
  await sender.terminate();
  return samples;
}

const spin = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0;

function judge(name: string, samples: readonly Sample[]): { held: number; medianUMs: number; medianLateMs: number } {
  const held = samples.filter(({ t, u, sentAt }) => sentAt >= t - u).length / samples.length;
  const medianUMs =
    quantile(
      samples.map(({ u }) => u),
      0.5,
    ) / 1e6;
  const medianLateMs =
    quantile(
      samples.map(({ t, sentAt }) => t - sentAt),
      0.5,
    ) / 1e6;
  const loosenessMs =
    quantile(
      samples.map(({ t, u, sentAt }) => sentAt - (t - u)),
      0.9,
    ) / 1e6;
  console.log(
    `${process.version} ${name} seed ${seed}: u held ${(held * 100).toFixed(1)} %, median u ${medianUMs.toFixed(3)} ms, ` +
      `median lateness ${medianLateMs.toFixed(3)} ms, 90 % of bounds within ${loosenessMs.toFixed(3)} ms of the truth`,
  );
  return { held, medianUMs, medianLateMs };
}

it("an idle loop: u is the kernel's constant and little more", async () => {
  const { held, medianUMs } = judge("idle", await measure(() => {}));
  expect(held).toBeGreaterThan(0.85);
  expect(medianUMs).toBeLessThan(1.5);
});

it("a loop that is blocked now and then for 5 to 30 ms: u reaches back over each block", async () => {
  const random = seeded(seed);
  const samples = await measure((stopped) => {
    const again = (): void => {
      if (stopped()) return;
      spin(5 + random() * 25);
      setTimeout(again, random() * 20);
    };
    again();
  });
  const { held, medianUMs } = judge("blocked now and then", samples);
  expect(held).toBeGreaterThan(0.85);
  expect(medianUMs).toBeLessThan(45);
  expect(
    quantile(
      samples.map(({ u }) => u),
      0.95,
    ),
  ).toBeGreaterThan(5_000_000);
});

it("a loop that never sleeps: u stays within some turns and does not grow", async () => {
  const random = seeded(seed);
  const samples = await measure((stopped) => {
    const again = (): void => {
      if (stopped()) return;
      spin(random() * 3);
      setImmediate(again);
    };
    again();
  });
  const { held, medianUMs } = judge("never sleeps", samples);
  expect(held).toBeGreaterThan(0.85);
  expect(medianUMs).toBeLessThan(25);
});

/** Sends the time and its FIN in one go, 10 ms after a connection is there. */
const ENDER = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.on("error", () => {});
    setTimeout(() => {
      const packet = Buffer.alloc(8);
      packet.writeBigUInt64BE(process.hrtime.bigint());
      socket.end(packet);
    }, 10);
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

it("an end of file that came with bytes: told a turn later, and u reaches back to where the bytes' does", async () => {
  const clock = new SystemClock();
  const epoch = BigInt(clock.monotonicEpochNs);
  const sender = new Worker(ENDER, { eval: true });
  const [port] = (await once(sender, "message")) as [number];
  const stopPulse = clock.watchStalls(() => {});
  let held = 0;
  for (let round = 0; round < 10; round += 1) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    // Bytes and FIN arrive in this turn, the bytes are handled in the next one and the FIN in the one after.
    setTimeout(() => {
      clock.instant();
      spin(60);
    }, 1);
    let sentAt = 0;
    let read: Instant | null = null;
    socket.on("data", (bytes: Buffer) => {
      read = clock.instant();
      sentAt = Number(bytes.readBigUInt64BE(0) - epoch);
      // Whatever else this turn has to do.
      spin(20);
    });
    const ended = await new Promise<Instant>((resolve) => socket.once("end", () => resolve(clock.instant(read))));
    // The sender reads its clock before it sends, and may be kept from a core in between.
    if (ended.t - ended.u <= sentAt) held += 1;
    socket.destroy();
  }
  expect(held).toBeGreaterThanOrEqual(8);
  stopPulse();
  await sender.terminate();
});

it("an end of file long after the bytes before it: the sleep between them counts", async () => {
  const clock = new SystemClock();
  const later = "socket.write(packet); setTimeout(() => socket.end(), 300)";
  const sender = new Worker(ENDER.replace("socket.end(packet)", later), { eval: true });
  const [port] = (await once(sender, "message")) as [number];
  const tight: boolean[] = [];
  // On a busy machine a sleep may not be trusted; not every time.
  for (let round = 0; round < 5; round += 1) {
    const socket = connect(port, "127.0.0.1");
    let read: Instant | null = null;
    socket.on("data", () => {
      read = clock.instant();
    });
    const ended = await new Promise<Instant>((resolve) => socket.once("end", () => resolve(clock.instant(read))));
    tight.push(ended.u < 150_000_000);
    socket.destroy();
  }
  expect(tight).toContain(true);
  await sender.terminate();
});

/** As {@link SENDER}, in a process of its own, which stops the process that reads it for 300 ms. */
const FREEZER = `
  const parent = Number(process.argv[1]);
  const server = require("node:net").createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const send = () => {
      const packet = Buffer.alloc(8);
      packet.writeBigUInt64BE(process.hrtime.bigint());
      socket.write(packet);
    };
    const timer = setInterval(send, 7);
    setTimeout(() => process.kill(parent, "SIGSTOP"), 100);
    setTimeout(() => process.kill(parent, "SIGCONT"), 400);
    setTimeout(() => { clearInterval(timer); socket.end(); server.close(); }, 500);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

it("a process frozen in its sleep: the sleep is not trusted, the freeze is a stall", async () => {
  const clock = new SystemClock();
  const epoch = BigInt(clock.monotonicEpochNs);
  const freezer = spawn(process.execPath, ["-e", FREEZER, String(process.pid)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(freezer.stdout, "data")) as [Buffer];
  const stalls: { durationNs: number; at: Instant }[] = [];
  const stopPulse = clock.watchStalls((durationNs, at) => stalls.push({ durationNs, at }));
  const samples: Sample[] = [];
  const socket = connect(Number(String(port)), "127.0.0.1");
  socket.on("data", (bytes: Buffer) => {
    const at = clock.instant();
    samples.push({ ...at, sentAt: Number(bytes.readBigUInt64BE(0) - epoch) });
  });
  await once(socket, "close");
  stopPulse();
  const late = samples.filter(({ t, sentAt }) => t - sentAt > 200_000_000);
  expect(late.length).toBeGreaterThan(0);
  for (const { t, u, sentAt } of late) expect(t - u).toBeLessThanOrEqual(sentAt);
  const stall = stalls.find(({ durationNs }) => durationNs > 200_000_000);
  expect(stall?.durationNs).toBeLessThan(600_000_000);
  if (freezer.exitCode === null) await once(freezer, "exit");
});
