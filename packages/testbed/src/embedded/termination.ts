import type { ApiserverConfig } from "./apiserver-config.js";
import type { Gate } from "./gate.js";
import type { Klog } from "./klog.js";
import type { Listeners } from "./listeners.js";

/** Options of {@link terminate}. */
export interface TerminationOptions {
  readonly config: ApiserverConfig;
  readonly gate: Gate;
  readonly listeners: Listeners;
  readonly klog: Klog;
  readonly onRefusing: () => void;
}

/**
 * Between the drain's begin and GOAWAY today's servers answer 503. Measured: 0 to 3 of 1350 requests, so a millisecond or so. Go's own
 * time, not the lab's: it is not divided by its speed.
 */
const RACE_MS = 1;

/** How long the kernel takes to take a big process apart, while its sockets still take bytes that nobody will read. Measured: 24 to 36 ms. */
const TEARDOWN_MS = 30;

/** 200 watches a second. */
const WATCH_EVERY_MS = 5;

/** http.Server.Shutdown of a server with `sendRetryAfter` waits so long, at speed 1, for watches. */
const WATCH_SHARE_OF_TIMEOUT = 2 / 60;

/** What kube-apiserver does from SIGTERM to its end. The process ends within. */
export async function terminate(options: TerminationOptions): Promise<never> {
  const { config, gate, klog } = options;
  klog.signal("ShutdownInitiated");
  gate.shuttingDown = true;
  await pause(config.times.shutdownDelay);
  klog.signal("AfterShutdownDelayDuration");
  return config.historic ? endHistoric(options) : endInOrder(options);
}

async function endInOrder({ config, gate, listeners, klog, onRefusing }: TerminationOptions): Promise<never> {
  const { watchGrace, requestTimeout } = config.times;
  klog.signal("NotAcceptingNewRequest");
  gate.accepting = config.sendRetryAfter ? "later" : "none";
  const watchesEnded = watchGrace === null ? Promise.resolve() : gate.endWatches(Math.min(WATCH_EVERY_MS, watchGrace));
  const drained = gate.idle();
  if (config.sendRetryAfter) await Promise.all([drained, watchesEnded]);
  else await pause(RACE_MS);
  shut(listeners, onRefusing);
  for (const session of listeners.h2) session.goaway();
  const held = config.sendRetryAfter ? requestTimeout * WATCH_SHARE_OF_TIMEOUT : requestTimeout;
  await Promise.race([drained, pause(held)]);
  klog.signal("InFlightRequestsDrained");
  await Promise.race([listeners.empty(), pause(held)]);
  await gate.endWatches(0);
  klog.signal("HTTPServerStoppedListening");
  klog.info("genericapiserver.go:749", '"[graceful-termination] apiserver is exiting"');
  klog.close();
  process.exit(0);
}

/**
 * Up to v1.18: the process does not wait for its HTTP server, only for ordinary requests. Measured on v1.18.19 (`scripts/goaway-race.mjs`):
 * with no request inside, it is gone before any connection has its GOAWAY, be they two or a thousand; with one, all get theirs while it is
 * waited for.
 */
async function endHistoric({ config, gate, listeners, klog, onRefusing }: TerminationOptions): Promise<never> {
  gate.accepting = "none";
  shut(listeners, onRefusing);
  if (gate.busy) for (const session of listeners.h2) session.goaway();
  await Promise.race([gate.idle(), pause(config.times.requestTimeout)]);
  klog.info("genericapiserver.go:749", '"[graceful-termination] apiserver is exiting"');
  klog.close();
  // What comes in from here on stays unread. Then no exit handler may run: a process that says goodbye is not what is modelled.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TEARDOWN_MS);
  process.kill(process.pid, "SIGKILL");
  return new Promise<never>(() => {});
}

function shut(listeners: Listeners, onRefusing: () => void): void {
  listeners.stop();
  onRefusing();
  listeners.closeH1();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
