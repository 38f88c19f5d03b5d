import { dirname, resolve } from "node:path";
import type { Notify } from "../notice.js";
import type { AddressSettings, Material, TrustSettings } from "../settings.js";
import { fault, type Located } from "./fault.js";
import type { MapReader } from "./map-reader.js";
import { ignoredKeys } from "./unknown-keys.js";

const KNOWN = [
  "server",
  "tls-server-name",
  "insecure-skip-tls-verify",
  "certificate-authority",
  "certificate-authority-data",
  "proxy-url",
  "disable-compression",
  "extensions",
];
const EXEC_EXTENSION = "client.authentication.k8s.io/exec";

export interface ClusterSettings {
  readonly address: AddressSettings;
  readonly trust: TrustSettings;
  readonly execConfig: unknown;
}

/** Reads one entry of `clusters`. */
export function clusterSettings(cluster: MapReader, from: string, notify: Notify): ClusterSettings {
  ignoredKeys(cluster, KNOWN, notify);
  const proxy = cluster.text("proxy-url");
  if (proxy !== null) {
    throw fault(proxy.place, "a proxy would hide the wire from the probe", "remove it and reach the server directly");
  }
  const ca = material(cluster, "certificate-authority");
  const insecure = cluster.flag("insecure-skip-tls-verify");
  if (insecure?.value === true && ca !== null) {
    throw fault(
      insecure.place,
      "it contradicts the certificate authority of the same cluster",
      "remove one of the two",
    );
  }
  return {
    address: {
      server: serverUrl(cluster.required("server", "add server: https://HOST:PORT")),
      serverName: cluster.text("tls-server-name")?.value ?? null,
      from,
    },
    trust: { verify: insecure?.value !== true, ca },
    execConfig: execConfig(cluster),
  };
}

/** `KEY-data` (base64 of it) or `KEY` (a file, relative to the kubeconfig). Both at once are refused, as kubectl refuses them. */
export function material(reader: MapReader, key: string): Material | null {
  const data = reader.base64(`${key}-data`);
  const file = reader.text(key);
  if (data !== null && file !== null) {
    throw fault(data.place, `${key} is given too`, "remove one of the two");
  }
  if (data !== null) return { kind: "inline", text: data.value, place: data.place };
  return file === null ? null : { kind: "file", file: besideKubeconfig(file), place: file.place };
}

/** Relative paths are meant from the folder of the kubeconfig. */
export function besideKubeconfig(path: Located<string>): string {
  return resolve(dirname(path.place.file), path.value);
}

function serverUrl({ value, place }: Located<string>): URL {
  const mend = "write https://HOST:PORT";
  if (!/^https?:\/\//i.test(value)) throw fault(place, "it does not begin with https:// or http://", mend);
  if (!URL.canParse(value)) throw fault(place, "it is not a URL", mend);
  const url = new URL(value);
  if (url.username !== "" || url.password !== "") {
    throw fault(place, "it holds a user name or password", "remove what stands before the @");
  }
  if (url.search !== "" || url.hash !== "") throw fault(place, "it has a query (?) or fragment (#)", mend);
  return url;
}

function execConfig(cluster: MapReader): unknown {
  for (const item of cluster.maps("extensions")) {
    if (item.text("name")?.value === EXEC_EXTENSION) return item.plain("extension");
  }
  return undefined;
}
