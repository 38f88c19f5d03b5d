import type { Command } from "commander";
import { commandLineSource } from "../flags/command-line.js";
import { MANIFESTS_FLAGS } from "../flags/manifests-flags.js";
import { mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { deploymentOf } from "../manifests/deployment.js";
import { manifestsYaml } from "../manifests/manifests.js";

/** `drainprobe manifests`. */
export async function manifestsCommand(command: Command, io: CliIo): Promise<number> {
  const merged = mergeSettings(MANIFESTS_FLAGS, [commandLineSource(command, MANIFESTS_FLAGS)]);
  await print(io.stdout, manifestsYaml(deploymentOf(merged)));
  return EXIT.pass;
}
