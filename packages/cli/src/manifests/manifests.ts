import { stringify } from "yaml";
import { daemonSet } from "./daemon-set.js";
import type { Deployment } from "./deployment.js";
import { metricsService, serviceMonitor } from "./monitoring.js";
import { namespaces, serviceAccount } from "./namespaces.js";
import { rbac } from "./rbac.js";
import { securityContextConstraints } from "./security-context-constraints.js";

/** Everything a cluster needs for the probe, in the order in which it can be applied. */
export function manifests(deployment: Deployment) {
  const { openshift, metricsPort } = deployment;
  return [
    ...namespaces(deployment),
    serviceAccount(deployment),
    ...(openshift ? [securityContextConstraints(deployment)] : []),
    ...rbac(deployment),
    daemonSet(deployment),
    ...(metricsPort === null ? [] : [metricsService(deployment, metricsPort)]),
    ...(deployment.serviceMonitor ? [serviceMonitor(deployment)] : []),
  ];
}

/** The objects as one YAML stream, each a document of its own. */
export function manifestsYaml(deployment: Deployment): string {
  return manifests(deployment)
    .map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    .join("");
}
