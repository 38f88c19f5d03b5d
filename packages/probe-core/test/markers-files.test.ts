import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followFile } from "../src/kube/markers/file-follower.js";
import { watchSwitchFiles } from "../src/kube/markers/switch-files.js";
import { followTerminationLog } from "../src/kube/markers/termination-log.js";
import { MarkerRig } from "./marker-rig.js";

const MS = 1e6;
let folder: string;
let rig: MarkerRig;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drainprobe-markers-"));
  rig = new MarkerRig();
});
afterEach(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A line as klog writes it now, in UTC. */
function klog(message: string, when = new Date()): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = two(when.getUTCMonth() + 1) + two(when.getUTCDate());
  return `I${day} ${when.toISOString().slice(11, 23)}456       1 genericapiserver.go:579] ${message}\n`;
}
const signal = (name: string, when?: Date): string =>
  klog(`"[graceful-termination] shutdown event" name="${name}"`, when);

describe("following a file", () => {
  function follow(
    file: string,
    problems: (string | null)[] = [],
  ): {
    lines: string[];
    seen: (n: number) => Promise<string[]>;
    looks: () => Promise<void>;
  } {
    const lines: string[] = [];
    rig.run(
      followFile({
        file,
        pollNs: 2 * MS,
        clock: rig.clock,
        onLine: (line) => {
          lines.push(line);
          rig.wake();
        },
        onProblem: (code) => {
          problems.push(code);
          rig.wake();
        },
      }),
    );
    return {
      lines,
      seen: async (n) => {
        await rig.until(() => lines.length >= n);
        return lines;
      },
      looks: () => rig.round(),
    };
  }

  it("skips what is there, and tells whole lines as they are appended", async () => {
    const file = join(folder, "log");
    writeFileSync(file, "old\n");
    const { seen, looks, lines } = follow(file);
    await looks();
    appendFileSync(file, "one\ntw");
    await seen(1);
    await looks();
    expect(lines).toEqual(["one"]);
    appendFileSync(file, "o\r\nthree\n");
    expect(await seen(3)).toEqual(["one", "two", "three"]);
  });

  it("does not break a character whose bytes come apart", async () => {
    const file = join(folder, "log");
    writeFileSync(file, "");
    const { seen, looks } = follow(file);
    await looks();
    const bytes = Buffer.from("naïve\n");
    appendFileSync(file, bytes.subarray(0, 3));
    await looks();
    appendFileSync(file, bytes.subarray(3));
    expect(await seen(1)).toEqual(["naïve"]);
  });

  it("reads a file that appears later from its beginning", async () => {
    const file = join(folder, "log");
    const { seen, looks } = follow(file);
    await looks();
    writeFileSync(file, "first\n");
    expect(await seen(1)).toEqual(["first"]);
  });

  it("reads a rotated file to its end, then its successor from its beginning", async () => {
    const file = join(folder, "log");
    writeFileSync(file, "");
    const { seen, looks } = follow(file);
    await looks();
    appendFileSync(file, "before\n");
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, "while\n");
    await seen(2);
    await looks();
    writeFileSync(file, "after\n");
    expect(await seen(3)).toEqual(["before", "while", "after"]);
  });

  it("reads a truncated file from its beginning", async () => {
    const file = join(folder, "log");
    writeFileSync(file, "");
    const { seen, looks } = follow(file);
    await looks();
    appendFileSync(file, "a long line that is here first\nhalf");
    await seen(1);
    truncateSync(file, 0);
    await looks();
    appendFileSync(file, "new\n");
    expect((await seen(2)).at(-1)).toBe("new");
  });

  it.each([
    ["folder", "EISDIR", (file: string): void => mkdirSync(file)],
    ["pipe", "EINVAL", (file: string): unknown => execFileSync("mkfifo", [file])],
    ["circle of links", "ELOOP", (file: string): void => symlinkSync("log", file)],
    ["device", "EINVAL", (file: string): void => symlinkSync("/dev/zero", file)],
  ] as const)(
    "tells a %s that is put in its place, and reads on when there is a file again",
    async (_what, code, put) => {
      const file = join(folder, "log");
      const problems: (string | null)[] = [];
      writeFileSync(file, "old\n");
      const { seen, looks } = follow(file, problems);
      await looks();
      renameSync(file, `${file}.1`);
      put(file);
      await rig.until(() => problems.length >= 1);
      rmSync(file, { recursive: true });
      writeFileSync(file, "new\n");
      expect(await seen(1)).toEqual(["new"]);
      await rig.until(() => problems.length >= 2);
      expect(problems).toEqual([code, null]);
    },
  );

  it("skips a line that is too long, and only that", async () => {
    const file = join(folder, "log");
    writeFileSync(file, "");
    const { seen, looks } = follow(file);
    await looks();
    appendFileSync(file, `${"x".repeat(200_000)}\nnext\n`);
    expect(await seen(1)).toEqual(["next"]);
  });
});

describe("the termination log", () => {
  it("tells the moments of a termination, dated by the server", async () => {
    const file = join(folder, "termination.log");
    writeFileSync(file, signal("ShutdownInitiated", new Date(Date.now() - 60_000)));
    rig.run(followTerminationLog({ file, backend: "master-0", pollNs: 2 * MS }, rig.deps));
    await rig.round();
    const before = Date.now();
    renameSync(file, `${file}.0`);
    writeFileSync(file, signal("ShutdownInitiated"));
    const first = await rig.marker(1);
    appendFileSync(file, klog("an unrelated line") + signal("AfterShutdownDelayDuration"));
    const second = await rig.marker(2);
    expect([first, second]).toMatchObject([
      { source: "termination.log", backend: "master-0", marker: "termination.started", resolutionNs: 1_000 },
      { marker: "delay.finished", detail: "AfterShutdownDelayDuration" },
    ]);
    const said = Date.parse(first.saidAt?.replace(/(\.\d{3})\d{6}Z$/, "$1Z") ?? "");
    expect(said).toBeGreaterThanOrEqual(before);
    expect(said).toBeLessThanOrEqual(Date.now());
    expect(first.saidAt).toMatch(/456000Z$/);
    expect(first.u).toBeLessThanOrEqual(first.t);
    expect(rig.markers).toHaveLength(2);
  });

  it("does not tell what a log that was moved here says of another day", async () => {
    const file = join(folder, "termination.log");
    rig.run(followTerminationLog({ file, backend: "master-0", pollNs: 2 * MS }, rig.deps));
    await rig.round();
    const yesterday = new Date(Date.now() - 24 * 3600_000);
    writeFileSync(file, signal("ShutdownInitiated", yesterday) + signal("AfterShutdownDelayDuration"));
    expect(await rig.marker(1)).toMatchObject({ marker: "delay.finished" });
  });

  it("says that it cannot be read, and stops cleanly", async () => {
    mkdirSync(join(folder, "termination.log"));
    const stop = rig.run(
      followTerminationLog({ file: join(folder, "nowhere/x\0y"), backend: "b", pollNs: 2 * MS }, rig.deps),
    );
    await rig.until(() => rig.notices[0]);
    await stop();
    const told = rig.events.length;
    expect(told).toBe(0);
  });
});

describe("the switch files", () => {
  it("tell when the redirect goes and comes, once each, and not what is there at the start", async () => {
    const up = join(folder, "10.0.0.2.up");
    const down = join(folder, "10.0.0.2.down");
    writeFileSync(up, "");
    writeFileSync(join(folder, "10.9.9.9.down"), "");
    const options = { backend: "master-0", directory: folder, vip: "10.0.0.2", everyNs: 5 * MS };
    rig.run(watchSwitchFiles(options, rig.deps));
    await rig.round();
    // As the apiserver-watcher does it: the new file first, or the old one first; both must tell it once.
    rmSync(up);
    const off = await rig.marker(1);
    writeFileSync(down, "");
    await rig.round();
    writeFileSync(up, "");
    rmSync(down);
    const on = await rig.marker(2);
    expect([off, on]).toMatchObject([
      { source: "switch.file", backend: "master-0", marker: "redirect.off" },
      { marker: "redirect.on", resolutionNs: 10 * MS, detail: "10.0.0.2.up" },
    ]);
    expect(Date.parse(`${on.saidAt?.slice(0, 23)}Z`)).toBeGreaterThan(Date.now() - 60_000);
    await rig.round();
    expect(rig.markers).toHaveLength(2);
  });

  it("tell nothing where there is no such directory", async () => {
    const directory = join(folder, "later");
    rig.run(watchSwitchFiles({ backend: "b", directory, everyNs: 5 * MS }, rig.deps));
    await rig.round();
    expect(rig.events).toEqual([]);
    mkdirSync(directory);
    writeFileSync(join(directory, "10.0.0.2.down"), "");
    expect(await rig.marker(1)).toMatchObject({ marker: "redirect.off" });
  });
});
