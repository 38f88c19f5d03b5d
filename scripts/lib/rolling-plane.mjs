// A control plane of the lab that is rolled out again and again: three API servers that are processes of their own, with their store, behind the
// model of a network load balancer. Each server in turn is told SIGTERM, drains, ends and is started again.
//   node scripts/lib/rolling-plane.mjs FOLDER SPEED SEED
// With an IPC channel: says `{ url, ca }`, answers "how many" with `{ rollouts, restarts }`; ends when its parent's channel breaks.
import { readFileSync } from "node:fs";
import { TIERS } from "../../packages/testbed/dist/index.js";

const [dir, speed, seed] = process.argv.slice(2);
/** Times at speed 1. The balancer lets go of a server after two failed checks at most, which is less than the delay. */
const SETUP = {
  apiserver: { shutdownDelayMs: 5_000, watchGraceMs: 1_000 },
  balancer: {
    model: "aws-nlb",
    checks: { probe: "readyz", everyMs: 1_500, fall: 1, rise: 1 },
    propagationMs: 0,
    terminateUnhealthy: false,
  },
  rollout: { action: "roll" },
  probe: { workload: "version" },
};

const embedded = await TIERS.embedded();
const stop = new AbortController();
process.on("disconnect", () => stop.abort());
let rollouts = 0;
let restarts = 0;
const plane = await embedded.start({
  setup: SETUP,
  seed: Number(seed),
  speed: Number(speed),
  dir,
  onMoment: ({ what }) => {
    if (what === "ready") restarts += 1;
  },
});
process.on("message", () => process.send?.({ rollouts, restarts }));
process.send({ url: plane.vip.split(" ")[0], ca: authorityIn(plane.masters[0].kubeconfig) });
try {
  while (!stop.signal.aborted) {
    await plane.rollout(stop.signal);
    rollouts += 1;
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  await plane.close();
}

function authorityIn(kubeconfig) {
  const [, base64] = /certificate-authority-data: "?([A-Za-z0-9+/=]+)/.exec(readFileSync(kubeconfig, "utf8"));
  return Buffer.from(base64, "base64").toString("utf8");
}
