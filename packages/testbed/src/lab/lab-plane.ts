import type { LabSetup, Tier } from "./lab-scenario.js";

/** One master of a lab's control plane: where a probe runs, and what it may follow there. */
export interface LabMaster {
  /** `master-0`, … */
  readonly name: string;
  /** Puts a program's command line onto this master: into its network namespace, or nothing where there is none. */
  readonly onMaster: (command: readonly string[]) => readonly string[];
  /** The kubeconfig a kubelet would have: its server is the balancer's address as this master reaches it. */
  readonly kubeconfig: string;
  /** `https://host:port` of this master's own API server, past the balancer. The runner makes the paths `local` and `peer-N` of it. */
  readonly local: string;
  /** Does a connection to the VIP that stays on this master show it, by its local IP being the VIP? */
  readonly showsHairpin: boolean;
  /** Files the probe follows, where the tier has them. */
  readonly terminationLog: string | null;
  readonly pidFile: string | null;
}

/** What happened to an instance, by this machine's clock. */
export interface LabMoment {
  readonly master: string;
  readonly what: "sigterm" | "sigkill" | "exited" | "started" | "ready" | "vip-moved";
  readonly wallMs: number;
}

/** A control plane behind a balancer, up and ready. */
export interface LabPlane extends AsyncDisposable {
  readonly tier: Tier;
  readonly setup: LabSetup;
  /** `https://host:port` of the balancer. */
  readonly vip: string;
  readonly masters: readonly LabMaster[];
  /** Does what {@link LabSetup.rollout} says; resolves when the last instance is ready again and the balancer knows. */
  rollout(signal?: AbortSignal): Promise<readonly LabMoment[]>;
  /** Ends every process, rule, namespace and file of it. */
  close(): Promise<void>;
}

/** Options common to all tiers. */
export interface LabPlaneOptions {
  readonly setup: LabSetup;
  readonly seed: number;
  /** All times of the setup are divided by this. Real API servers run at 1. */
  readonly speed: number;
  /** Everything of the lab is written below this folder, and every process of it works in it, so that `lab down` finds it. */
  readonly dir: string;
  /** Told of each moment as it happens. */
  readonly onMoment?: (moment: LabMoment) => void;
}

/** Why a tier cannot be had on this machine, in one line that says how to mend it; `null`: it can. */
export type TierCheck = () => Promise<string | null>;

/** One tier. */
export interface LabTier {
  readonly tier: Tier;
  readonly check: TierCheck;
  readonly start: (options: LabPlaneOptions) => Promise<LabPlane>;
  /** Ends what a killed lab left below `dir` and in the kernel; gives a line for each thing it removed. */
  readonly down: (dir: string) => Promise<readonly string[]>;
}
