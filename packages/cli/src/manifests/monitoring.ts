import type { IService } from "kubernetes-models/v1/Service";
import type { Deployment } from "./deployment.js";
import { LABELS, METRICS_PORT_NAME, NAME } from "./names.js";

/** The Prometheus operator's kind, as far as it is used here (monitoring.coreos.com/v1). */
export interface ServiceMonitor {
  readonly apiVersion: "monitoring.coreos.com/v1";
  readonly kind: "ServiceMonitor";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly {
      readonly port: string;
      readonly interval: string;
      readonly relabelings: readonly { readonly sourceLabels: readonly string[]; readonly targetLabel: string }[];
    }[];
  };
}

/** A rollout's events are seconds apart. */
const SCRAPE_INTERVAL = "5s";

/** Names every pod's metrics, without an address of its own. */
export function metricsService({ namespace }: Deployment, port: number): IService {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace, labels: { ...LABELS } },
    spec: {
      clusterIP: "None",
      selector: { ...LABELS },
      ports: [{ name: METRICS_PORT_NAME, port, targetPort: METRICS_PORT_NAME, protocol: "TCP" }],
    },
  };
}

export function serviceMonitor({ namespace }: Deployment): ServiceMonitor {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: NAME, namespace, labels: { ...LABELS } },
    spec: {
      selector: { matchLabels: { ...LABELS } },
      endpoints: [
        {
          port: METRICS_PORT_NAME,
          interval: SCRAPE_INTERVAL,
          // A node is what a reader knows, not the port on its address.
          relabelings: [{ sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "instance" }],
        },
      ],
    },
  };
}
