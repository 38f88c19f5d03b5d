import type { LabScenario } from "../lab-scenario.js";
import { AWS_45_CRUD } from "./aws-4.5-crud.js";
import { AZURE_HAIRPIN } from "./azure-hairpin.js";
import { DELAY_SHORTER_THAN_REMOVAL } from "./delay-shorter-than-removal.js";
import { DRAIN_429 } from "./drain-429.js";
import { FORGOTTEN_FLOW } from "./forgotten-flow.js";
import { GCP_447_CRUD } from "./gcp-4.4.7-crud.js";
import { GCP_447_READONLY } from "./gcp-4.4.7-readonly.js";
import { GCP_45_CRUD } from "./gcp-4.5-crud.js";
import { GCP_45_READONLY } from "./gcp-4.5-readonly.js";
import { GCP_NEW_CONNECTION_BLACK_HOLE } from "./gcp-new-connection-black-hole.js";
import { GOAWAY_CHANCE } from "./goaway-chance.js";
import { NLB_TERMINATES_UNHEALTHY } from "./nlb-terminates-unhealthy.js";
import { ROUTING_BEFORE_READY } from "./routing-before-ready.js";
import { SIGKILL_AT_GRACE_END } from "./sigkill-at-grace-end.js";
import { VIP_MOVE } from "./vip-move.js";
import { WATCH_HOLDS_PROCESS } from "./watch-holds-process.js";

/** All rows of the lab: the runs of the seed's report first, then what is known of today. */
export const LAB_SCENARIOS: readonly LabScenario[] = [
  GCP_447_CRUD,
  GCP_447_READONLY,
  GCP_45_CRUD,
  GCP_45_READONLY,
  AWS_45_CRUD,
  NLB_TERMINATES_UNHEALTHY,
  GCP_NEW_CONNECTION_BLACK_HOLE,
  AZURE_HAIRPIN,
  DELAY_SHORTER_THAN_REMOVAL,
  ROUTING_BEFORE_READY,
  SIGKILL_AT_GRACE_END,
  WATCH_HOLDS_PROCESS,
  FORGOTTEN_FLOW,
  VIP_MOVE,
  DRAIN_429,
  GOAWAY_CHANCE,
];
