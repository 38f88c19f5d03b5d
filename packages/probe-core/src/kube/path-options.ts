import type { RequestSource } from "../io/request-source.js";
import type { PathOptions } from "../probe-options.js";
import type { KubeAccess } from "./access.js";
import { kubeIdentity } from "./identity/identity-question.js";

/** Options of {@link kubePath}. */
export interface KubePathOptions {
  /** `vip`, `local`, `service`, `peer-1`. */
  readonly name: string;
  /** Reach the API server here instead, as `10.0.0.6:6443`. Certificate and name are still checked as at the kubeconfig's address. */
  readonly connectTo?: string;
  /** What the default request asks for. Default `/version`, which a server that shuts down does not exempt from its 429. */
  readonly request?: string;
  /** Who answers is asked on each session. */
  readonly identity?: boolean;
  readonly source?: RequestSource;
}

/** A path of a probe that reaches an API server with these credentials, which are asked for anew at each connection. */
export function kubePath(
  access: KubeAccess,
  { name, connectTo, request = "/version", identity = false, source }: KubePathOptions,
): PathOptions {
  const prefix = access.server.pathname.replace(/\/$/, "");
  return {
    name,
    url: access.server.origin + prefix + request,
    verify: access.verify,
    ...(connectTo === undefined ? {} : { connectTo }),
    ...(access.serverName === null ? {} : { serverName: access.serverName }),
    ...(access.secureContext === null ? {} : { secureContext: access.secureContext }),
    ...(access.token === null ? {} : { token: access.token }),
    ...(identity ? { identity: kubeIdentity(access.server) } : {}),
    ...(source === undefined ? {} : { source }),
  };
}
