import { fault, type Place } from "../kubeconfig/fault.js";
import type { ExecSettings } from "../settings.js";
import { certificatesOf, checkPair, privateKeyOf } from "./pem.js";
import type { ClientCertificate } from "./tls-material.js";
import { checkedToken } from "./token.js";

/** What a plugin gave. At least one of the two. */
export interface ExecCredential {
  readonly token: string | null;
  readonly clientCertificate: ClientCertificate | null;
  /** `null`: it did not say. */
  readonly expiresAtMs: number | null;
}

/** What a plugin is told of the cluster, if it asks for it (`provideClusterInfo`). */
export interface ClusterInfo {
  readonly server: string;
  readonly serverName: string | null;
  readonly verify: boolean;
  readonly ca: string | null;
}

/** `KUBERNETES_EXEC_INFO`: an ExecCredential object with the question in its `spec`. */
export function execInfo(settings: ExecSettings, cluster: ClusterInfo): string {
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: settings.apiVersion,
    spec: {
      ...(settings.provideClusterInfo ? { cluster: clusterInfo(settings, cluster) } : {}),
      interactive: false,
    },
  });
}

function clusterInfo(settings: ExecSettings, { server, serverName, verify, ca }: ClusterInfo): object {
  return {
    server,
    ...(serverName === null ? {} : { "tls-server-name": serverName }),
    ...(verify ? {} : { "insecure-skip-tls-verify": true }),
    ...(ca === null ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
    ...(settings.clusterConfig === undefined ? {} : { config: settings.clusterConfig }),
  };
}

/** Reads what a plugin printed. Throws one line, without a byte of it. */
export function parseExecCredential(output: string, { place, apiVersion }: ExecSettings): ExecCredential {
  const object = record(json(output));
  const mend = "update the plugin, or set apiVersion to what it speaks";
  if (object === null)
    throw fault(place, "the plugin did not print a JSON object", "run it by hand to see what it prints");
  if (object.kind !== "ExecCredential") throw fault(place, "the plugin did not print an ExecCredential", mend);
  if (object.apiVersion !== apiVersion) throw fault(place, `the plugin did not answer with ${apiVersion}`, mend);
  const status = record(object.status);
  if (status === null) throw fault(place, "the plugin printed no status", mend);
  const token = field(status, "token", place);
  const clientCertificate = clientCertificateOf(status, place);
  if (token === null && clientCertificate === null) {
    throw fault(place, "the plugin printed neither a token nor a client certificate", "run it by hand to see why");
  }
  return {
    token: token === null ? null : checkedToken(token, place, "the plugin's answer: "),
    clientCertificate,
    expiresAtMs: expiry(status, place),
  };
}

function clientCertificateOf(status: Readonly<Record<string, unknown>>, place: Place): ClientCertificate | null {
  const cert = field(status, "clientCertificateData", place);
  const key = field(status, "clientKeyData", place);
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    const missing = cert === null ? "clientCertificateData" : "clientKeyData";
    throw fault(place, `the plugin's answer lacks ${missing}`, "both or neither must be there");
  }
  const about = "the plugin's answer: ";
  const chain = certificatesOf(cert, place, about);
  const pem = privateKeyOf(key, place, about);
  checkPair(chain.first, pem, place, about);
  return { cert: chain.pem, key: pem };
}

function expiry(status: Readonly<Record<string, unknown>>, place: Place): number | null {
  const text = field(status, "expirationTimestamp", place);
  if (text === null) return null;
  // RFC 3339. Date.parse alone takes much that is none.
  const valid = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const ms = valid ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw fault(
      place,
      "the plugin's expirationTimestamp is not an RFC 3339 time",
      "it must be like 2030-01-31T12:00:00Z",
    );
  }
  return ms;
}

function field(status: Readonly<Record<string, unknown>>, name: string, place: Place): string | null {
  const value = status[name];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return value;
  throw fault(place, `${name} in the plugin's answer is not text`, "update the plugin");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
