import { readFileSync, writeFileSync } from "node:fs";
import type { ApiserverConfig, ApiserverNews } from "./apiserver-config.js";
import { Gate } from "./gate.js";
import { Klog } from "./klog.js";
import { Listeners } from "./listeners.js";
import { randomFrom } from "./random.js";
import { Rest } from "./rest.js";
import { StoreClient } from "./store-client.js";
import { terminate } from "./termination.js";

/** An API server of the lab's own, in a process that can be killed for real. Its one argument is the path of its configuration. */
const startedAt = performance.timeOrigin;
const [, , path = ""] = process.argv;
const config = JSON.parse(readFileSync(path, "utf8")) as ApiserverConfig;
process.title = `kube-apiserver ${config.name}`;
process.on("disconnect", () => process.exit());

const tell = (news: ApiserverNews): void => {
  process.send?.(news);
};
const until = (moment: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - performance.timeOrigin - performance.now())));

const klog = new Klog(config.terminationLog);
const random = randomFrom(config.seed);
const store = await StoreClient.open(config.store);
const rest = new Rest({
  store,
  address: `${config.host}:${config.port}`,
  gitVersion: config.historic ? "v1.18.20-lab" : "v1.36.3-lab",
  listEverythingMs: config.times.listEverything,
});
const gate = new Gate({ rest, store, goawayChance: config.goawayChance, random });
const listeners = new Listeners(config, gate.handle);

let terminating = false;
process.on("SIGTERM", () => {
  if (terminating) return;
  terminating = true;
  void terminate({ config, gate, listeners, klog, onRefusing: () => tell({ at: "refusing" }) });
});

await until(startedAt + config.times.refusing);
await listeners.listen();
writeFileSync(config.pidFile, `${process.pid}\n`);
tell({ at: "listening" });
// From the listener on, however late that was: the window in between is what balancers fall into.
await until(performance.timeOrigin + performance.now() + config.times.notReady);
gate.ready = true;
gate.live = true;
tell({ at: "ready" });
