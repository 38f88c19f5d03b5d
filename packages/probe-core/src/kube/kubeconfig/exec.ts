import { isAbsolute, sep } from "node:path";
import type { ExecSettings, ExecVersion } from "../settings.js";
import { besideKubeconfig } from "./cluster.js";
import { fault } from "./fault.js";
import type { MapReader } from "./map-reader.js";

const VERSIONS: readonly ExecVersion[] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const MODES = ["Never", "IfAvailable", "Always"];

/** Reads `exec:` of a user. */
export function execSettings(exec: MapReader, clusterConfig: unknown): ExecSettings {
  const given = exec.required("apiVersion", `add apiVersion: ${VERSIONS[0]}`);
  const apiVersion = VERSIONS.find((version) => version === given.value);
  if (apiVersion === undefined) {
    throw fault(given.place, `it is neither ${VERSIONS.join(" nor ")}`, "update the plugin and this entry");
  }
  const command = exec.required("command", "name the program to run");
  checkMode(exec, apiVersion);
  // A bare name is looked up in PATH; anything else that is relative is meant from the kubeconfig's folder.
  const isPath = command.value.includes(sep) && !isAbsolute(command.value);
  return {
    apiVersion,
    command: isPath ? besideKubeconfig(command) : command.value,
    args: exec.texts("args"),
    env: environment(exec),
    provideClusterInfo: exec.flag("provideClusterInfo")?.value ?? false,
    clusterConfig,
    installHint: exec.text("installHint")?.value ?? null,
    place: exec.place,
  };
}

function checkMode(exec: MapReader, apiVersion: ExecVersion): void {
  const mode = exec.text("interactiveMode");
  if (mode === null) {
    if (apiVersion === "client.authentication.k8s.io/v1beta1") return;
    throw fault(exec.placeOf("interactiveMode"), "it is missing", "add interactiveMode: Never (or IfAvailable)");
  }
  if (!MODES.includes(mode.value)) throw fault(mode.place, `it is none of ${MODES.join(", ")}`, "use one of them");
  if (mode.value === "Always") {
    const what = "a plugin that asks questions cannot be answered: the probe runs it again by itself";
    throw fault(mode.place, what, "use one that can do without, or a token file");
  }
}

function environment(exec: MapReader): Readonly<Record<string, string>> {
  return Object.fromEntries(
    exec
      .maps("env")
      .map((item) => [item.required("name", "name the variable").value, item.text("value")?.value ?? ""] as const),
  );
}
