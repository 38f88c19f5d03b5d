/** The API servers of a lab, whatever they are made of. */
export interface LabServers {
  readonly masters: readonly LabServer[];
  /** The kubeconfig of a master's kubelet, with the VIP as its server. */
  kubeconfig(index: number): Promise<string>;
  close(): Promise<void>;
}

/** One of them. */
export interface LabServer {
  readonly terminationLog: string;
  /** Where its process id is written; `null`: nowhere yet. */
  readonly pidFile: string | null;
  /** `null` while it does not run. */
  pid(): number | null;
  /** Resolves when the process has ended. */
  terminate(): Promise<unknown>;
  kill(): Promise<unknown>;
  start(): Promise<void>;
  ready(): Promise<void>;
}
