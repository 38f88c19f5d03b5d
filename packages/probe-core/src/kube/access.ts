import type { SecureContext } from "node:tls";
import type { ClientCertificate } from "./credentials/tls-material.js";

/**
 * How to reach a Kubernetes API server, and as whom. Made by {@link loadKubeconfig}. The functions are meant to be asked at each new
 * connection: they give what the files hold now, cost a few microseconds, and never throw. A file that cannot be used at that
 * moment leaves the last good credential in use, and is told by `onNotice`.
 */
export interface KubeAccess {
  /** With the path prefix, if the kubeconfig's server has one. */
  readonly server: URL;
  /** Of `server`, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Name to check the certificate against, and to send as SNI. `null`: `host`. */
  readonly serverName: string | null;
  /** `false`: insecure-skip-tls-verify. */
  readonly verify: boolean;
  /** PEM. `null`: Node's own authorities, which are not those of the system. */
  readonly ca: () => string | null;
  /** PEM. `null`: none is shown. */
  readonly clientCertificate: () => ClientCertificate | null;
  /** For `authorization: Bearer`. `null`: none is sent. */
  readonly token: (() => string) | null;
  /** CA and client certificate in one context, shared by all connections until a file changes. `null` for `http:`. */
  readonly secureContext: (() => SecureContext) | null;
  /** Of the context, or of the service account. */
  readonly namespace: string | null;
  /** For logs and reports: where everything came from, and no secret. */
  readonly description: KubeDescription;
  /** To be told of each 401: an exec plugin is run again then, at most every five seconds. Nothing else can be renewed. */
  refused(): void;
  /** Stops the renewal of exec credentials. What was loaded stays usable. */
  close(): void;
}

/** Says where access came from. All of it may be shown. */
export interface KubeDescription {
  readonly server: string;
  readonly serverName: string | null;
  readonly verify: boolean;
  /** `/etc/kubernetes/kubelet.conf, context "default"`. */
  readonly addressFrom: string;
  readonly credentialsFrom: string;
  readonly ca: string;
  /** `client certificate in FILE`, `token in FILE`, `inline token`, `exec plugin "aws"`, or `anonymous`. */
  readonly authentication: readonly string[];
}
