import type { IClusterRole } from "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole";
import type { IClusterRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding";
import type { IRole } from "kubernetes-models/rbac.authorization.k8s.io/v1/Role";
import type { IRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding";
import type { Deployment } from "./deployment.js";
import { LABELS, NAME, sharedPlaceName } from "./names.js";
import { type Rights, rights } from "./rights.js";

const VERSION = "rbac.authorization.k8s.io/v1";
const GROUP = "rbac.authorization.k8s.io";

type RbacObject = IClusterRole | IClusterRoleBinding | IRole | IRoleBinding;

/** A role and its binding for each place in which the probe has rights. */
export function rbac(deployment: Deployment): RbacObject[] {
  return rights(deployment).flatMap((each) => roleAndBinding(each, deployment));
}

function roleAndBinding({ namespace, rules }: Rights, deployment: Deployment): RbacObject[] {
  const own = namespace === deployment.namespace || namespace === deployment.scratch;
  const name = own ? NAME : sharedPlaceName(deployment.namespace);
  const subjects = [{ kind: "ServiceAccount", name: NAME, namespace: deployment.namespace }];
  const copied = rules.map((rule) => ({ ...rule }));
  if (namespace === null) {
    const metadata = { name, labels: { ...LABELS } };
    return [
      { apiVersion: VERSION, kind: "ClusterRole", metadata, rules: copied },
      {
        apiVersion: VERSION,
        kind: "ClusterRoleBinding",
        metadata,
        roleRef: { apiGroup: GROUP, kind: "ClusterRole", name },
        subjects,
      },
    ];
  }
  const metadata = { name, namespace, labels: { ...LABELS } };
  return [
    { apiVersion: VERSION, kind: "Role", metadata, rules: copied },
    { apiVersion: VERSION, kind: "RoleBinding", metadata, roleRef: { apiGroup: GROUP, kind: "Role", name }, subjects },
  ];
}
