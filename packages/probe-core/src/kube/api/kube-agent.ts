import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type { KubeAccess } from "../access.js";

/**
 * An agent that keeps connections to an API server and checks its certificate by the kubeconfig's name, whatever the address.
 *
 * The check belongs to the agent: newer Nodes (22.23, 24.21, 26.10) keep no connection whose request brought a check of its own.
 */
export function kubeAgent(access: KubeAccess, options: AgentOptions): HttpAgent | HttpsAgent {
  if (access.server.protocol === "http:") return new HttpAgent({ keepAlive: true, ...options });
  const name = access.serverName ?? access.host;
  return new HttpsAgent({
    keepAlive: true,
    ...options,
    rejectUnauthorized: access.verify,
    // SNI is for names; an IP is checked against the certificate without being sent.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  });
}
