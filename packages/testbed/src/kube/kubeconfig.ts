/** What a kubeconfig of ours says. */
export interface KubeconfigWish {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM of the authority. */
  readonly ca: string;
  readonly user: KubeconfigUser;
}

/** How the user of a kubeconfig shows who it is. Paths are written as they are given. */
export type KubeconfigUser =
  | { readonly name: string; readonly cert: string; readonly key: string }
  | { readonly name: string; readonly certFile: string; readonly keyFile: string }
  | { readonly name: string; readonly token: string };

/** The file's text, laid out as kubectl lays it out. */
export function kubeconfigText(wish: KubeconfigWish): string {
  const { user } = wish;
  return [
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    `    certificate-authority-data: ${base64(wish.ca)}`,
    `    server: ${wish.server}`,
    "  name: lab",
    "contexts:",
    "- context:",
    "    cluster: lab",
    `    user: ${user.name}`,
    `  name: ${user.name}@lab`,
    `current-context: ${user.name}@lab`,
    "kind: Config",
    "preferences: {}",
    "users:",
    `- name: ${user.name}`,
    "  user:",
    ...credentialLines(user).map((line) => `    ${line}`),
    "",
  ].join("\n");
}

function credentialLines(user: KubeconfigUser): string[] {
  if ("token" in user) return [`token: ${user.token}`];
  if ("certFile" in user) return [`client-certificate: ${user.certFile}`, `client-key: ${user.keyFile}`];
  return [`client-certificate-data: ${base64(user.cert)}`, `client-key-data: ${base64(user.key)}`];
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
