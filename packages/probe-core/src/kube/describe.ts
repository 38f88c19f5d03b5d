import type { KubeDescription } from "./access.js";
import { quoted } from "./kubeconfig/fault.js";
import type { Material, SourceSettings } from "./settings.js";

/** Where everything came from, written from a list of what may be shown. */
export function describeSource({ address, trust, user }: SourceSettings): KubeDescription {
  return {
    server: address.server.href,
    serverName: address.serverName,
    verify: trust.verify,
    addressFrom: address.from,
    credentialsFrom: user.from,
    ca: !trust.verify ? "not verified" : trust.ca === null ? "Node's own authorities" : where(trust.ca),
    authentication: authentication(address.server, user),
  };
}

function authentication(server: URL, user: SourceSettings["user"]): readonly string[] {
  if (server.protocol === "http:") return ["none, because the server is http:"];
  const ways: string[] = [];
  if (user.clientCertificate !== null) ways.push(`client certificate, ${where(user.clientCertificate.cert)}`);
  if (user.token !== null) {
    const { file, inline } = user.token;
    const first = file ?? inline;
    if (first !== null) ways.push(`token, ${where(first)}`);
  }
  if (user.exec !== null) ways.push(`exec plugin ${quoted(user.exec.command)}`);
  return ways.length === 0 ? ["anonymous"] : ways;
}

function where(material: Material): string {
  return material.kind === "file" ? `in ${material.file}` : `inline in ${material.place.file}`;
}
