import { DrainprobeError } from "@drainprobe/core";
import {
  findLeftovers,
  KubeApi,
  type Leftover,
  loadKubeconfig,
  OURS,
  type Removal,
  removeNamespace,
  removeObjects,
} from "@drainprobe/core/kube";
import type { Command } from "commander";
import { CLEANUP_FLAGS } from "../flags/cleanup-flags.js";
import { commandLineSource } from "../flags/command-line.js";
import type { Settings } from "../flags/flag.js";
import { mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";

/** What was done about one thing that was found. */
interface Outcome {
  readonly namespace: string;
  readonly result: Removal["kind"] | "in use" | "not known" | "too young" | "would be removed";
  readonly why?: string;
}

/** `drainprobe cleanup`: removes what dead runs left in a cluster. */
export async function cleanupCommand(command: Command, io: CliIo): Promise<number> {
  const { settings } = mergeSettings(CLEANUP_FLAGS, [commandLineSource(command, CLEANUP_FLAGS)]);
  try {
    const access = await loadKubeconfig({
      env: io.env,
      ...(settings.kubeconfig === undefined ? {} : { file: settings.kubeconfig }),
      ...(settings.kubeletKubeconfig === undefined ? {} : { kubeletKubeconfig: settings.kubeletKubeconfig }),
      ...(settings.context === undefined ? {} : { context: settings.context }),
      onNotice: ({ text }) => io.stderr.write(`drainprobe: ${printable(text)}\n`),
    });
    try {
      const outcomes = await cleanUp(new KubeApi(access), settings);
      await print(io.stdout, settings.json ? `${jsonText({ found: outcomes }, 2)}\n` : text(outcomes));
      return outcomes.some(({ result }) => result === "failed") ? EXIT.fail : EXIT.pass;
    } finally {
      access.close();
    }
  } catch (error) {
    throw error instanceof DrainprobeError && error.code !== "BUG" ? new UsageError(error.message) : error;
  }
}

type CleanupSettings = Settings<typeof CLEANUP_FLAGS>;

async function cleanUp(api: KubeApi, { olderThan, namespace, dryRun }: CleanupSettings): Promise<readonly Outcome[]> {
  const found = await findLeftovers(api);
  const outcomes = await Promise.all(found.map((leftover) => dispose(api, leftover, olderThan / 1e6, dryRun)));
  if (namespace === undefined) return outcomes;
  const inside: Outcome = dryRun
    ? { namespace, result: "would be removed" }
    : outcomeOf(namespace, await removeObjects(api, namespace, OURS));
  return [...outcomes, inside];
}

async function dispose(api: KubeApi, leftover: Leftover, olderThanMs: number, dryRun: boolean): Promise<Outcome> {
  const { namespace, createdAtMs, ownerLives, host } = leftover;
  if (ownerLives === true) return { namespace, result: "in use", why: "the run that made it goes on" };
  // Age is the only thing left to go by, and only the user knows which is enough.
  if (ownerLives === null && olderThanMs === 0) {
    const where = host === null ? "nobody knows where" : `on ${host}`;
    return {
      namespace,
      result: "not known",
      why: `it was made ${where}, and never said that it goes on: give --older-than`,
    };
  }
  if (createdAtMs !== null && createdAtMs > Date.now() - olderThanMs) return { namespace, result: "too young" };
  if (dryRun) return { namespace, result: "would be removed" };
  return outcomeOf(namespace, await removeNamespace(api, namespace));
}

function outcomeOf(namespace: string, removal: Removal): Outcome {
  return removal.kind === "failed"
    ? { namespace, result: "failed", why: removal.why }
    : { namespace, result: removal.kind };
}

const WORDS: Readonly<Record<Outcome["result"], string>> = {
  gone: "removed",
  terminating: "deleted, and the cluster is still at it",
  failed: "could not be removed",
  "in use": "left alone",
  "not known": "left alone",
  "too young": "left alone: it is not that old",
  "would be removed": "would be removed",
};

function text(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return "nothing of drainprobe's is there\n";
  return outcomes
    .map(({ namespace, result, why }) => {
      const reason = why === undefined ? "" : `: ${printable(why)}`;
      return `namespace ${printable(namespace)}: ${WORDS[result]}${reason}\n`;
    })
    .join("");
}
