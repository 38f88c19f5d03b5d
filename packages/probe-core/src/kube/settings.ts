import type { Place } from "./kubeconfig/fault.js";

/** PEM or a token: written into the kubeconfig, or in a file of its own, which is read again when it changes. */
export type Material =
  | { readonly kind: "inline"; readonly text: string; readonly place: Place }
  | { readonly kind: "file"; readonly file: string; readonly place: Place };

/** Where a cluster is. The name its certificate is checked against belongs to that. */
export interface AddressSettings {
  readonly server: URL;
  /** `tls-server-name`; `null`: the host of `server`. */
  readonly serverName: string | null;
  /** In words: a file and a context, or the service account. */
  readonly from: string;
}

/** Whom to trust there. */
export interface TrustSettings {
  readonly verify: boolean;
  /** `null`: the authorities of Node. */
  readonly ca: Material | null;
}

/** How to say who we are. All `null`: anonymous. */
export interface UserSettings {
  readonly clientCertificate: { readonly cert: Material; readonly key: Material } | null;
  readonly token: TokenSettings | null;
  readonly exec: ExecSettings | null;
  readonly from: string;
}

/** At least one of the two. The file wins, and the inline token serves while the file cannot be read: as in client-go. */
export interface TokenSettings {
  readonly inline: Material | null;
  readonly file: Extract<Material, { kind: "file" }> | null;
}

/** Version of the exec plugin's protocol (`client.authentication.k8s.io`). */
export type ExecVersion = "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1";

/** A program that prints credentials. */
export interface ExecSettings {
  readonly apiVersion: ExecVersion;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly provideClusterInfo: boolean;
  /** The cluster's extension `client.authentication.k8s.io/exec`, for the plugin. */
  readonly clusterConfig: unknown;
  /** What the kubeconfig's author says to those who lack the program. */
  readonly installHint: string | null;
  readonly place: Place;
}

/** Everything one source says: a context of a kubeconfig, or the service account. */
export interface SourceSettings {
  readonly address: AddressSettings;
  readonly trust: TrustSettings;
  readonly user: UserSettings;
  readonly namespace: string | null;
}
