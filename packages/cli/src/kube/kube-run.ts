import { randomBytes } from "node:crypto";
import type { Probe, Verdict } from "@drainprobe/core";
import {
  borrowScratch,
  createScratch,
  endpointText,
  type KubeAccess,
  KubeApi,
  loadKubeconfig,
  missingRights,
  type Removal,
  type Scratch,
  type WorkloadName,
  WritesResolver,
} from "@drainprobe/core/kube";
import type { PlannedOptions } from "../config/planned-options.js";
import { kubeLanes, probeOptionsOn } from "../config/probe-options.js";
import { KUBE_FLAG_NAMES } from "../flags/kube-flags.js";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { CliIo } from "../io.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";
import { type KubePath, kubePaths, pathOptionsOf } from "./kube-paths.js";
import { directPaths, followMarkers } from "./markers.js";
import { runTrigger } from "./trigger.js";

type RunMerged = Merged<typeof RUN_FLAGS>;

/** A run against API servers: what it needs in the cluster, and what looks on beside it. */
export interface KubeRun {
  readonly options: PlannedOptions;
  /** Paths that lead to one server, by the name its markers have. */
  readonly directPaths: ReadonlyMap<string, string>;
  /** To be told every verdict. */
  onVerdict(verdict: Verdict): void;
  /** To be called once the probe runs. */
  follow(probe: Probe, note: (text: string) => void): void;
  /** Removes what was made in the cluster. Whatever came before it. */
  close(): Promise<void>;
}

/** Did anybody ask for a run against API servers? */
export function isKubeRun({ origins }: RunMerged): boolean {
  return KUBE_FLAG_NAMES.some((name) => origins.has(name));
}

/** Reads credentials, finds the paths and makes the scratch namespace. Rejects, with nothing left behind, where it cannot. */
export async function openKubeRun(merged: RunMerged, io: CliIo): Promise<KubeRun> {
  checkFlags(merged);
  const { settings } = merged;
  const note = (text: string): void => {
    if (!settings.quiet) io.stderr.write(`drainprobe: ${printable(text)}\n`);
  };
  const access = await loadKubeconfig({
    env: io.env,
    ...(settings.kubeconfig === undefined ? {} : { file: settings.kubeconfig }),
    ...(settings.kubeletKubeconfig === undefined ? {} : { kubeletKubeconfig: settings.kubeletKubeconfig }),
    ...(settings.context === undefined ? {} : { context: settings.context }),
    onNotice: ({ text }) => note(text),
  });
  try {
    note(`${access.description.server} from ${access.description.addressFrom}`);
    const paths = await kubePaths(merged, access, io.env, note);
    const run = randomBytes(4).toString("hex");
    const api = new KubeApi(access, endpointsOf(access, paths));
    const workload = settings.workload ?? "crud";
    const scratch = await openScratch(api, workload, settings.namespace, run, note);
    try {
      await checkRights(api, workload, scratch);
      return new OpenKubeRun({ merged, io, access, api, paths, run, workload, scratch });
    } catch (error) {
      tellRemoval(await scratch?.remove(), scratch, io);
      throw error;
    }
  } catch (error) {
    access.close();
    throw error;
  }
}

interface Parts {
  readonly merged: RunMerged;
  readonly io: CliIo;
  readonly access: KubeAccess;
  readonly api: KubeApi;
  readonly paths: readonly KubePath[];
  readonly run: string;
  readonly workload: WorkloadName;
  readonly scratch: Scratch | null;
}

class OpenKubeRun implements KubeRun {
  readonly options: PlannedOptions;
  readonly directPaths: ReadonlyMap<string, string>;
  readonly #parts: Parts;
  readonly #writes: WritesResolver;
  readonly #ending = new AbortController();
  #stopMarkers: () => Promise<void> = async () => {};
  #probe: Probe | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#writes = new WritesResolver({
      api: parts.api,
      onResolved: ({ request }, applied) =>
        this.#probe?.record({ kind: "write.resolved", request, conn: null, applied }),
    });
    const { merged, scratch, workload, access } = parts;
    const namespace = scratch?.namespace ?? null;
    this.directPaths = directPaths(access, parts.paths, merged.settings.node);
    this.options = {
      ...probeOptionsOn(
        merged,
        parts.paths.map((path, index) => pathOptionsOf(path, index, { ...parts, namespace })),
        kubeLanes(merged, workload, namespace, access.server.pathname),
      ),
      beforeFooter: () => this.#lastWords(),
    };
  }

  onVerdict(verdict: Verdict): void {
    if ("request" in verdict && verdict.status === 401) this.#parts.access.refused();
    if (!("request" in verdict) || verdict.processed !== "maybe" || verdict.type === "abandoned") return;
    const { request, method, url } = verdict;
    if (method === "POST" || method === "DELETE") this.#writes.resolve({ request, method, url });
  }

  follow(probe: Probe, note: (text: string) => void): void {
    this.#probe = probe;
    const { merged, access, paths, io, api, run } = this.#parts;
    this.#stopMarkers = followMarkers({ merged, access, paths, probe, note });
    if (merged.settings.trigger === undefined) return;
    runTrigger({ merged, probe, io, api, run, paths, note, signal: this.#ending.signal }).catch((error: unknown) => {
      if (this.#ending.signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      io.stderr.write(`drainprobe: --trigger: ${printable(text)}; the run is ended\n`);
      void probe.stop();
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#writes.stop();
    await this.#stopMarkers();
    const { scratch, io, access } = this.#parts;
    tellRemoval(await scratch?.remove(), scratch, io);
    access.close();
  }

  async #lastWords(): Promise<void> {
    this.#ending.abort();
    await this.#stopMarkers();
    this.#writes.stop();
    await this.#writes.settled();
  }
}

function checkFlags({ settings, origins }: RunMerged): void {
  for (const name of ["target", "request", "connectTo", "ca", "cert", "key", "tokenFile", "serverName"] as const) {
    if (origins.has(name)) {
      throw new UsageError(`${origins.get(name)}: a Kubernetes run takes that from the kubeconfig: leave it out`);
    }
  }
  if (settings.trigger === "openshift" && !settings.yes) {
    throw new UsageError(
      `${origins.get("trigger")} openshift rolls out the control plane of a whole cluster: add --yes if that is meant`,
    );
  }
}

/** The kubeconfig's address first; where it does not answer, the servers behind it. */
function endpointsOf(access: KubeAccess, paths: readonly KubePath[]): ConstructorParameters<typeof KubeApi>[1] {
  const own = { host: access.host, port: access.port };
  const others = paths.flatMap(({ connectTo }) => (connectTo === null ? [] : [connectTo]));
  return [own, ...others.filter((endpoint) => endpointText(endpoint) !== endpointText(own))];
}

async function openScratch(
  api: KubeApi,
  workload: WorkloadName,
  namespace: string | undefined,
  run: string,
  note: (text: string) => void,
): Promise<Scratch | null> {
  if (workload === "version") return null;
  return namespace === undefined ? createScratch(api, run, note) : borrowScratch(api, namespace, run);
}

async function checkRights(api: KubeApi, workload: WorkloadName, scratch: Scratch | null): Promise<void> {
  const missing = await missingRights(api, workload, scratch?.namespace ?? null);
  if (missing.length === 0) return;
  throw new UsageError(`these credentials may not ${missing.join(", nor ")}: grant it, or use --workload version`);
}

function tellRemoval(removal: Removal | undefined, scratch: Scratch | null, io: CliIo): void {
  if (removal === undefined || removal.kind === "gone" || scratch === null) return;
  const { namespace } = scratch;
  io.stderr.write(
    removal.kind === "terminating"
      ? `drainprobe: namespace ${namespace} is deleted, and the cluster is still at it\n`
      : `drainprobe: namespace ${namespace} could not be cleaned up (${printable(removal.why)}): run drainprobe cleanup\n`,
  );
}
