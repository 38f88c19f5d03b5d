import type { Notify } from "../notice.js";
import type { TokenSettings, UserSettings } from "../settings.js";
import { besideKubeconfig, material } from "./cluster.js";
import { execSettings } from "./exec.js";
import { fault } from "./fault.js";
import type { MapReader } from "./map-reader.js";
import { ignoredKeys } from "./unknown-keys.js";

const KNOWN = [
  "client-certificate",
  "client-certificate-data",
  "client-key",
  "client-key-data",
  "token",
  "tokenFile",
  "exec",
  "extensions",
];

/** What is understood and not done, with the way out. */
const REFUSED: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  username: ["Kubernetes takes no user names and passwords since 1.19", "use a token or a client certificate"],
  password: ["Kubernetes takes no user names and passwords since 1.19", "use a token or a client certificate"],
  "auth-provider": ["auth-provider plugins are gone since Kubernetes 1.26", "use exec, or a token file"],
  as: ["acting as another user is not supported", "use credentials of that user"],
  "as-uid": ["acting as another user is not supported", "use credentials of that user"],
  "as-groups": ["acting as another user is not supported", "use credentials of that user"],
  "as-user-extra": ["acting as another user is not supported", "use credentials of that user"],
};

/** Reads one entry of `users`. `clusterConfig` is for its exec plugin, if it has one. */
export function userSettings(user: MapReader, clusterConfig: unknown, from: string, notify: Notify): UserSettings {
  ignoredKeys(user, [...KNOWN, ...Object.keys(REFUSED)], notify);
  for (const [key, [what, mend]] of Object.entries(REFUSED)) {
    const value = user.plain(key);
    if (value !== undefined && value !== "" && !isEmpty(value)) throw fault(user.placeOf(key), what, mend);
  }
  const clientCertificate = clientCertificateOf(user);
  const token = tokenOf(user);
  const plugin = user.map("exec");
  if (plugin !== null && (clientCertificate !== null || token !== null)) {
    const beside = token === null ? "a client certificate" : "a token";
    throw fault(plugin.place, `${beside} stands beside it, and only one of them can count`, "remove one of the two");
  }
  return {
    clientCertificate,
    token,
    exec: plugin === null ? null : execSettings(plugin, clusterConfig),
    from,
  };
}

export function anonymous(from: string): UserSettings {
  return { clientCertificate: null, token: null, exec: null, from };
}

function clientCertificateOf(user: MapReader): UserSettings["clientCertificate"] {
  const cert = material(user, "client-certificate");
  const key = material(user, "client-key");
  if (cert !== null && key === null) throw fault(cert.place, "its private key is missing", "add client-key");
  if (cert === null && key !== null) throw fault(key.place, "its certificate is missing", "add client-certificate");
  return cert === null || key === null ? null : { cert, key };
}

function tokenOf(user: MapReader): TokenSettings | null {
  const inline = user.text("token");
  const file = user.text("tokenFile");
  if (inline === null && file === null) return null;
  return {
    inline: inline === null ? null : { kind: "inline", text: inline.value, place: inline.place },
    file: file === null ? null : { kind: "file", file: besideKubeconfig(file), place: file.place },
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
