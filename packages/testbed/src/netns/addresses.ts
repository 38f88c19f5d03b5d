/** The addresses inside a lab: nothing outside its namespaces knows of them, so each lab has the same, and those of the report it plays. */
export const VIP = "10.0.0.2";
/** Of the namespace in the middle: router, balancer, etcd. */
export const HUB = "10.0.0.1";
export const PORT = 6443;
export const MASTERS = ["10.0.0.4", "10.0.0.5", "10.0.0.6"] as const;

/** One master as the rules see it. */
export interface Target {
  readonly index: number;
  readonly address: string;
  /** The network namespace it is in. */
  readonly namespace: string;
}
