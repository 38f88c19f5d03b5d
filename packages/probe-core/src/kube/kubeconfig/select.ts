import type { Notify } from "../notice.js";
import type { SourceSettings } from "../settings.js";
import { clusterSettings } from "./cluster.js";
import { fault, type Located, quoted } from "./fault.js";
import type { Entries, Kubeconfig } from "./kubeconfig-file.js";
import type { MapReader } from "./map-reader.js";
import { ignoredKeys } from "./unknown-keys.js";
import { anonymous, userSettings } from "./user.js";

/** Names shown where one was not found. */
const NAMES_SHOWN = 8;

/** What one context of a kubeconfig says: `wanted`, or its `current-context`. */
export function selectContext(config: Kubeconfig, wanted: string | null, notify: Notify): SourceSettings {
  const context = findContext(config, wanted);
  const { reader, name } = context;
  ignoredKeys(reader, ["cluster", "user", "namespace", "extensions"], notify);
  const clusterName = reader.required("cluster", "name one of clusters");
  const cluster = follow(config.clusters, clusterName, "clusters");
  const userName = reader.text("user");
  const from = `${reader.place.file}, context ${quoted(name)}`;
  const settings = clusterSettings(cluster, from, notify);
  const user = userName === null ? null : follow(config.users, userName, "users");
  return {
    address: settings.address,
    trust: settings.trust,
    user: user === null ? anonymous(from) : userSettings(user, settings.execConfig, from, notify),
    namespace: reader.text("namespace")?.value ?? null,
  };
}

function findContext(config: Kubeconfig, wanted: string | null): { readonly name: string; readonly reader: MapReader } {
  const files = config.files.join(", ");
  const whole = { file: files, line: null, key: "" };
  if (wanted !== null) {
    const reader = config.contexts.get(wanted);
    if (reader !== undefined) return { name: wanted, reader };
    throw fault({ ...whole, key: "contexts" }, `there is no context ${quoted(wanted)}`, choices(config.contexts));
  }
  if (config.currentContext === null) {
    const empty = config.contexts.size === 0 && config.clusters.size === 0 && config.users.size === 0;
    if (empty) throw fault(whole, "it holds no clusters, users or contexts", "give another file");
    const mend = `choose one with --context: ${choices(config.contexts)}`;
    throw fault({ ...whole, key: "current-context" }, "it is missing", mend);
  }
  return { name: config.currentContext.value, reader: follow(config.contexts, config.currentContext, "contexts") };
}

function follow(entries: Entries, name: Located<string>, list: string): MapReader {
  const found = entries.get(name.value);
  if (found !== undefined) return found;
  throw fault(name.place, `there is no ${quoted(name.value)} in ${list}`, choices(entries));
}

function choices(entries: Entries): string {
  const names = [...entries.keys()];
  if (names.length === 0) return "there are none at all";
  const more = names.length > NAMES_SHOWN ? " …" : "";
  return `there is ${names.slice(0, NAMES_SHOWN).map(quoted).join(", ")}${more}`;
}
