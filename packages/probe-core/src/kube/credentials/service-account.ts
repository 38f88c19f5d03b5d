import { existsSync } from "node:fs";
import { join } from "node:path";
import { fault } from "../kubeconfig/fault.js";
import { readText } from "../kubeconfig/read-file.js";
import type { Material, SourceSettings } from "../settings.js";

export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The service account of the pod we run in, or `null` outside of pods. Its token and CA are read again when they change. */
export function serviceAccount(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): SourceSettings | null {
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const port = env.KUBERNETES_SERVICE_PORT ?? "";
  const token = join(folder, "token");
  if (host === "" || port === "" || !existsSync(token)) return null;
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (!/^\d{1,5}$/.test(port) || !/^[A-Za-z0-9.:-]+$/.test(host) || !URL.canParse(url)) {
    const place = { file: "environment", line: null, key: "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT" };
    throw fault(place, "they are not a host and a port", "correct or unset them");
  }
  const from = `service account in ${folder}`;
  return {
    address: { server: new URL(url), serverName: null, from },
    trust: { verify: true, ca: fileOf(join(folder, "ca.crt")) },
    user: { clientCertificate: null, token: { inline: null, file: fileOf(token) }, exec: null, from },
    namespace: namespaceIn(join(folder, "namespace")),
  };
}

function fileOf(file: string): Extract<Material, { kind: "file" }> {
  return { kind: "file", file, place: { file, line: null, key: "" } };
}

function namespaceIn(file: string): string | null {
  if (!existsSync(file)) return null;
  const name = readText(file, { file, line: null, key: "" }).trim();
  return name === "" ? null : name;
}
