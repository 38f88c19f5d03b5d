import { fault, type Located, quoted } from "./fault.js";
import { MapReader } from "./map-reader.js";
import { readText } from "./read-file.js";
import { parseYaml } from "./yaml-source.js";

/** One named entry. Its mapping is read when it is chosen: a fault in another cluster's entry is no fault of ours. */
export type Entries = ReadonlyMap<string, MapReader>;

/** A kubeconfig, of one file or merged of several. Each entry knows its own file. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: Located<string> | null;
  readonly clusters: Entries;
  readonly contexts: Entries;
  readonly users: Entries;
}

/** Reads one file. An empty file is an empty kubeconfig. */
export function readKubeconfigFile(file: string): Kubeconfig {
  const text = readText(file, { file, line: null, key: "" });
  const source = parseYaml(file, text);
  if (source === null) return emptyKubeconfig([file]);
  const root = MapReader.root(source);
  const kind = root.text("kind");
  if (kind !== null && kind.value !== "Config") {
    throw fault(kind.place, `it is ${quoted(kind.value)}, not Config`, "give a kubeconfig");
  }
  const version = root.text("apiVersion");
  if (version !== null && version.value !== "v1") {
    throw fault(version.place, `it is ${quoted(version.value)}, not v1`, "give a kubeconfig of version v1");
  }
  return {
    files: [file],
    currentContext: root.text("current-context"),
    clusters: entries(root, "clusters", "cluster"),
    contexts: entries(root, "contexts", "context"),
    users: entries(root, "users", "user"),
  };
}

/** As kubectl does it: the first file that has a name, or a current context, wins. Entries are never mixed. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merged = (which: "clusters" | "contexts" | "users"): Entries => {
    const all = new Map<string, MapReader>();
    for (const config of configs) {
      for (const [name, entry] of config[which]) if (!all.has(name)) all.set(name, entry);
    }
    return all;
  };
  return {
    files: configs.flatMap((config) => config.files),
    currentContext: configs.find((config) => config.currentContext !== null)?.currentContext ?? null,
    clusters: merged("clusters"),
    contexts: merged("contexts"),
    users: merged("users"),
  };
}

export function emptyKubeconfig(files: readonly string[]): Kubeconfig {
  return { files, currentContext: null, clusters: new Map(), contexts: new Map(), users: new Map() };
}

function entries(root: MapReader, list: string, inner: string): Entries {
  const all = new Map<string, MapReader>();
  for (const item of root.maps(list)) {
    const name = item.required("name", `give each of ${list} a name`);
    if (all.has(name.value)) {
      throw fault(name.place, `${quoted(name.value)} stands in ${list} twice`, "rename or remove one of the two");
    }
    const entry = item.map(inner);
    if (entry === null) throw fault(item.placeOf(inner), "it is missing", `add ${inner}: below the name`);
    all.set(name.value, entry);
  }
  return all;
}
