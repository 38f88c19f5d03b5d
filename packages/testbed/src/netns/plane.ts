import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stopLeftovers } from "../kube/plane-dir.js";
import type { LabMaster, LabMoment, LabPlane, LabPlaneOptions } from "../lab/lab-plane.js";
import { PORT, VIP } from "./addresses.js";
import { newLabId } from "./lab-id.js";
import { type LabNamespaces, makeNamespaces, orphanedLabs, removeLab } from "./namespaces.js";
import type { FromKeeper, KeptMaster, ServerKind, ToKeeper } from "./protocol.js";
import { nextTold } from "./told.js";

/** A program, so it has to be there as one: from the sources it is the built one. */
const KEEPER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/netns/keeper.js" : "./keeper.js", import.meta.url),
);

/** Brings a lab in network namespaces up. Rejects, with nothing left behind, if it does not come up. */
export async function startNetnsPlane(servers: ServerKind, options: LabPlaneOptions): Promise<LabPlane> {
  const labId = newLabId();
  mkdirSync(options.dir, { recursive: true });
  const namespaces = await makeNamespaces(labId);
  const keeper = startKeeper(namespaces, options);
  const close = async (): Promise<void> => {
    await keeper.close();
    // If it could not do it itself.
    await removeLab(labId);
    await stopLeftovers(options.dir);
  };
  try {
    const { setup, seed, speed, dir } = options;
    keeper.send({ type: "start", namespaces, servers, setup, seed, speed, dir });
    const { masters } = await keeper.told("started");
    return planeOf(servers, options, namespaces, masters, keeper, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Takes away what labs left behind that were killed. Gives a line for each thing. */
export async function removeLeftLabs(dir: string): Promise<string[]> {
  const lines: string[] = [];
  for (const labId of await orphanedLabs()) lines.push(...(await removeLab(labId)));
  mkdirSync(dir, { recursive: true });
  const { folders, pids } = await stopLeftovers(dir);
  return [...lines, ...pids.map((pid) => `ended process ${pid}`), ...folders.map((folder) => `removed ${folder}`)];
}

function planeOf(
  servers: ServerKind,
  { setup }: LabPlaneOptions,
  { masters: targets }: LabNamespaces,
  kept: readonly KeptMaster[],
  keeper: Keeper,
  close: () => Promise<void>,
): LabPlane {
  const masters: LabMaster[] = [];
  for (const { index, address, namespace } of targets) {
    const master = kept[index];
    if (master === undefined) throw new Error(`the keeper did not tell of master-${index}`);
    masters.push({
      ...master,
      name: `master-${index}`,
      onMaster: (command) => ["ip", "netns", "exec", namespace, ...command],
      local: `https://${address}:${PORT}`,
      showsHairpin: setup.balancer.model === "gcp-ilb",
    });
  }
  return {
    tier: servers === "kube" ? "kube" : "netns",
    setup,
    vip: `https://${VIP}:${PORT}`,
    masters,
    async rollout(signal) {
      const moments = keeper.moments.length;
      const abort = (): void => keeper.send({ type: "abort" });
      signal?.throwIfAborted();
      signal?.addEventListener("abort", abort, { once: true });
      try {
        keeper.send({ type: "rollout" });
        await keeper.told("rolled-out");
      } finally {
        signal?.removeEventListener("abort", abort);
      }
      return keeper.moments.slice(moments);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Keeper {
  readonly moments: readonly LabMoment[];
  send(message: ToKeeper): void;
  /** Resolves with the next message of that type; rejects if the keeper says that it failed, or ends. */
  told<T extends FromKeeper["type"]>(type: T): Promise<Extract<FromKeeper, { type: T }>>;
  close(): Promise<void>;
}

function startKeeper({ hub }: LabNamespaces, { dir, onMoment }: LabPlaneOptions): Keeper {
  const child: ChildProcess = spawn("nsenter", [`--net=/run/netns/${hub}`, process.execPath, KEEPER], {
    cwd: dir,
    // A session of its own: a terminal's Ctrl-C is ours to answer.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const moments: LabMoment[] = [];
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    complaint = (complaint + part).slice(-2_000);
  });
  child.on("message", (message: FromKeeper) => {
    if (message.type !== "moment") return;
    moments.push(message.moment);
    onMoment?.(message.moment);
  });
  const ended = new Promise<Error>((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) =>
      resolve(
        new Error(
          `the lab's keeper ended (${signal ?? `exit code ${code}`})${complaint === "" ? "" : `: ${complaint.trim()}`}`,
        ),
      ),
    );
  });
  return {
    moments,
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    async told(type) {
      const stop = new AbortController();
      const failure = ended.then((error) => {
        throw error;
      });
      const message = nextTold(child, type, stop.signal);
      try {
        return await Promise.race([message, failure]);
      } finally {
        stop.abort();
        message.catch(() => {});
        failure.catch(() => {});
      }
    },
    async close() {
      if (child.connected) child.send({ type: "close" } satisfies ToKeeper, () => {});
      await ended;
    },
  };
}
