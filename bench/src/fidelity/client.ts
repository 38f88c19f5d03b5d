import { connect } from "node:net";

const STALL_MS = 50;
const EVERY_MS = 150;

/** Blocks the event loop of this process for 50 ms again and again. Returns what ends it. */
export function makeStalls(): () => void {
  const timer = setInterval(() => {
    const until = performance.now() + STALL_MS;
    while (performance.now() < until);
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Resolves when the server has done all it planned: it then ends this connection. */
export function untilDone(controlPort: number): Promise<void> {
  return new Promise((resolve, reject) => {
    connect(controlPort, "127.0.0.1")
      .on("error", reject)
      .on("close", () => resolve())
      .resume();
  });
}
