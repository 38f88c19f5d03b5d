import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { waitedForCore } from "../src/clock/run-queue.js";

it.runIf(process.platform === "linux")("counts the time this thread wanted a core and had none", async () => {
  const hogs = Array.from({ length: availableParallelism() * 2 }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  try {
    const begun = performance.now();
    const before = waitedForCore();
    let last = before;
    while (waitedForCore() - before < 50e6) {
      const now = waitedForCore();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
      expect(performance.now() - begun).toBeLessThan(15_000);
    }
    expect(waitedForCore() - before).toBeLessThan((performance.now() - begun) * 1e6);
  } finally {
    for (const hog of hogs) hog.kill("SIGKILL");
  }
});
