import { printableText } from "../../events/index.js";
import type { BackendClaim, IdentityQuestion } from "../../io/contract.js";
import { kubeRequests } from "../workload/kube-request.js";

const NAME_CHARS = 253;

/**
 * `GET /api`: the one answer, open to everyone who may ask anything, in which an API server says its own address. OpenShift's also
 * says its host, when asked by a header.
 */
export function kubeIdentity(server: URL): IdentityQuestion {
  const template = kubeRequests(server).get("/api");
  return {
    template: { ...template, headers: [...template.headers, ["x-openshift-if-disruption", "true"]] },
    read({ fields, content }) {
      const claims: BackendClaim[] = [];
      const address = serverAddress(content);
      if (address !== null) claims.push({ backend: named(address), by: "api" });
      const host = disruptionHost(fields.get("x-openshift-disruption"));
      if (host !== null) claims.push({ backend: named(host), by: "disruption.header" });
      return claims;
    },
  };
}

/** `serverAddressByClientCIDRs[0].serverAddress` of an APIVersions object. */
function serverAddress(content: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("serverAddressByClientCIDRs" in value)) return null;
  const list: unknown = value.serverAddressByClientCIDRs;
  const first: unknown = Array.isArray(list) ? list[0] : null;
  if (typeof first !== "object" || first === null || !("serverAddress" in first)) return null;
  return typeof first.serverAddress === "string" && first.serverAddress !== "" ? first.serverAddress : null;
}

/** `shutdown=false shutdown-delay-duration=70s elapsed=0s host=master-0`: the host. */
function disruptionHost(header: string | undefined): string | null {
  const host = /(?:^|\s)host=(\S+)/.exec(header ?? "")?.[1];
  return host === undefined || host === "" ? null : host;
}

function named(text: string): string {
  return printableText(text, NAME_CHARS);
}
