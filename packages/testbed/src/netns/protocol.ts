import type { LabMoment } from "../lab/lab-plane.js";
import type { LabSetup } from "../lab/lab-scenario.js";
import type { LabNamespaces } from "./namespaces.js";

/** Which API servers a lab in namespaces has. */
export type ServerKind = "embedded" | "kube";

/** What a keeper is told. */
export type ToKeeper =
  | {
      readonly type: "start";
      readonly namespaces: LabNamespaces;
      readonly servers: ServerKind;
      readonly setup: LabSetup;
      readonly seed: number;
      readonly speed: number;
      readonly dir: string;
    }
  | { readonly type: "rollout" }
  | { readonly type: "abort" }
  | { readonly type: "close" };

/** What it tells. */
export type FromKeeper =
  | { readonly type: "started"; readonly masters: readonly KeptMaster[] }
  | { readonly type: "moment"; readonly moment: LabMoment }
  | { readonly type: "rolled-out" }
  /** Something went wrong: what was asked for last will not come. */
  | { readonly type: "failed"; readonly reason: string }
  /** Nothing of the lab is left; the keeper ends. */
  | { readonly type: "closed" };

/** What the keeper knows of a master and its parent does not. */
export interface KeptMaster {
  readonly kubeconfig: string;
  readonly terminationLog: string | null;
  readonly pidFile: string | null;
}
