import { dirname } from "node:path/posix";
import type { IDaemonSet } from "kubernetes-models/apps/v1/DaemonSet";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { IVolume } from "kubernetes-models/v1/Volume";
import type { IVolumeMount } from "kubernetes-models/v1/VolumeMount";
import { containerArgs, POD_IP } from "./container-args.js";
import type { Deployment } from "./deployment.js";
import { IMAGE_USER, IN_CONTAINER, LABELS, METRICS_PORT_NAME, NAME, VOLUME } from "./names.js";

/** Old and new clusters name the same nodes differently. */
const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"] as const;

/** Closing every session, reading lost writes back, tidying the scratch namespace: while an API server may be away. */
const GRACE_SECONDS = 60;

/** One probe on each node of the control plane. */
export function daemonSet(deployment: Deployment): IDaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: NAME, namespace: deployment.namespace, labels: { ...LABELS } },
    spec: {
      selector: { matchLabels: { ...LABELS } },
      // Each node's probe is on its own: none has to wait for another.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
      template: { metadata: { labels: { ...LABELS } }, spec: podSpec(deployment) },
    },
  };
}

function podSpec(deployment: Deployment): IPodSpec {
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: true,
    // The way the kubelet takes, and the names as the kubelet resolves them.
    hostNetwork: true,
    dnsPolicy: "Default",
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: CONTROL_PLANE.map((key) => ({ matchExpressions: [{ key, operator: "Exists" }] })),
        },
      },
    },
    tolerations: CONTROL_PLANE.map((key) => ({ key, operator: "Exists", effect: "NoSchedule" })),
    securityContext: podSecurity(deployment),
    containers: [container(deployment)],
    volumes: volumes(deployment),
  };
}

/** The kubelet's files are root's alone: whoever is to read them is root, and without any capability may do just that. */
function podSecurity({ openshift, ...deployment }: Deployment): NonNullable<IPodSpec["securityContext"]> {
  const seccompProfile = { type: "RuntimeDefault" } as const;
  if (!readsNode(deployment)) {
    return { runAsNonRoot: true, runAsUser: IMAGE_USER, runAsGroup: IMAGE_USER, seccompProfile };
  }
  // SELinux lets no ordinary container read the node's files.
  const seLinux = openshift ? { seLinuxOptions: { type: "spc_t" } } : {};
  return { runAsUser: 0, runAsGroup: 0, seccompProfile, ...seLinux };
}

function readsNode(deployment: Pick<Deployment, "kubeletKubeconfig" | "terminationLog">): boolean {
  return deployment.kubeletKubeconfig !== null || deployment.terminationLog !== null;
}

function container(deployment: Deployment): IContainer {
  const { image, metricsPort } = deployment;
  return {
    name: NAME,
    image,
    args: containerArgs(deployment),
    securityContext: {
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    resources: {
      requests: { cpu: "100m", memory: "128Mi" },
      // A probe that is throttled is late, and says so: hence a whole processor, though it uses a few percent of one.
      limits: { cpu: "1", memory: "512Mi" },
    },
    volumeMounts: mounts(deployment),
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...(metricsPort === null
      ? {}
      : {
          env: [{ name: POD_IP.variable, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          ports: [{ name: METRICS_PORT_NAME, containerPort: metricsPort, hostPort: metricsPort, protocol: "TCP" }],
          // It answers unless its event loop is stuck, which the probe needs as much as the answer does.
          livenessProbe: {
            httpGet: { path: "/healthz", port: METRICS_PORT_NAME },
            initialDelaySeconds: 10,
            periodSeconds: 10,
            timeoutSeconds: 5,
            failureThreshold: 6,
          },
        }),
  };
}

function volumes({ kubeletKubeconfig, terminationLog, logSize }: Deployment): IVolume[] {
  return [
    // The file alone: beside it lie keys and other pods' volumes.
    ...(kubeletKubeconfig === null
      ? []
      : [{ name: VOLUME.kubelet, hostPath: { path: kubeletKubeconfig, type: "File" as const } }]),
    // The folder, because the file is replaced when it is rotated.
    ...(terminationLog === null
      ? []
      : [{ name: VOLUME.termination, hostPath: { path: dirname(terminationLog), type: "Directory" as const } }]),
    ...(logSize === null ? [] : [{ name: VOLUME.logs, emptyDir: { sizeLimit: logSize } }]),
  ];
}

function mounts({ kubeletKubeconfig, terminationLog, logSize }: Deployment): IVolumeMount[] {
  return [
    ...(kubeletKubeconfig === null
      ? []
      : [{ name: VOLUME.kubelet, mountPath: IN_CONTAINER.kubeletKubeconfig, readOnly: true }]),
    ...(terminationLog === null
      ? []
      : [{ name: VOLUME.termination, mountPath: IN_CONTAINER.terminationLogs, readOnly: true }]),
    ...(logSize === null ? [] : [{ name: VOLUME.logs, mountPath: IN_CONTAINER.logs }]),
  ];
}
