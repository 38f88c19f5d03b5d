/**
 * `@drainprobe/testbed`: servers and balancers that fail on purpose.
 *
 * @module testbed
 */
export { type Balancer, type BalancerOptions, startBalancer } from "./balancer/balancer.js";
export type { Flow, Upstream } from "./balancer/flow.js";
export type { Direction, Impairment, Stage } from "./balancer/impairment.js";
export { certificates } from "./certificates/certificates.js";
export type { Certificates, Identity } from "./certificates/identity.js";
export type { Fault, Hooks } from "./faults/fault.js";
export * as faults from "./faults/index.js";
export * as impairments from "./impairments/index.js";
export {
  type ApiAnswer,
  type ApiQuestion,
  type Apiserver,
  type ApiserverFlags,
  type ApiserverProgram,
  type Command,
  type ControlPlane,
  type ControlPlaneOptions,
  type Credentials,
  type Etcd,
  type Exit,
  findKubePrograms,
  type KubePrograms,
  type KubeUser,
  type KubeVersion,
  type Leftovers,
  type ReadyzCheckOptions,
  type ReadyzChecks,
  type Role,
  startControlPlane,
  startReadyzChecks,
  stopLeftovers,
  type Wrap,
  writeKubeletPem,
} from "./kube/index.js";
export { makePlaneDir, type PlaneDir } from "./kube/plane-dir.js";
export * from "./lab/index.js";
export { mismatches, type Seen, type SeenConnection, type SeenRequest } from "./match.js";
export type {
  Expected,
  ExpectedConnection,
  ExpectedRequest,
  NodeEngineNote,
  ProbePlan,
  Range,
  Running,
  Scenario,
} from "./scenario.js";
export { findScenario, HOSTILE_SCENARIOS, SCENARIOS } from "./scenarios/index.js";
export { type NodeServer, startNodeServer } from "./server/node-server.js";
export { type RawServer, type RawServerOptions, startRawServer } from "./server/raw-server.js";
export type { ServerConnection, ServerRequest } from "./server/server-connection.js";
