import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Identity } from "../certificates/identity.js";
import type { Issuer } from "../certificates/issue.js";

/** Everything secret of a control plane, and the files its servers read it from. All of it is made anew for each one. */
export interface Credentials {
  /** PEM of the authority that signs servers and clients alike. */
  readonly ca: string;
  /** Paths, mode 0600. */
  readonly files: {
    readonly ca: string;
    readonly serviceAccountKey: string;
    readonly serviceAccountPublicKey: string;
    readonly tokens: string;
  };
  /** Bearer tokens the servers know without looking them up; each is of the user it is named after. */
  readonly tokens: { readonly admin: string; readonly restricted: string };
  /** A certificate for a server known under these names and addresses. */
  server(names: { readonly dns: readonly string[]; readonly ip: readonly string[] }): Promise<Identity>;
  /** A certificate that makes its holder this user, in these groups. */
  client(user: string, groups?: readonly string[]): Promise<Identity>;
}

const DAY_MS = 86_400_000;

/** Makes them, with their files in `dir`. */
export async function makeCredentials(dir: string): Promise<Credentials> {
  const { issue, issueAuthority } = await import("../certificates/issue.js");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority: Issuer = await issueAuthority("drainprobe lab CA");
  // EC keys would do for the signatures, but the CPU they save is nothing and v1.18 is surest with RSA.
  const account = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const tokens = { admin: randomBytes(24).toString("hex"), restricted: randomBytes(24).toString("hex") };
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(dir, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const wish = (commonName: string) => ({
    serial: `01${randomBytes(8).toString("hex")}`,
    commonName,
    valid: { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + 30 * DAY_MS) },
  });
  return {
    ca: authority.pem,
    tokens,
    files: {
      ca: await file("ca.crt", authority.pem),
      serviceAccountKey: await file("service-account.key", account.privateKey),
      serviceAccountPublicKey: await file("service-account.pub", account.publicKey),
      tokens: await file(
        "tokens.csv",
        `${tokens.admin},lab-admin-by-token,admin-by-token,"system:masters"\n` +
          `${tokens.restricted},lab-restricted,restricted-by-token\n`,
      ),
    },
    server: (names) => issue(authority, { ...wish("kube-apiserver"), ...names, usage: "server" }),
    client: (user, groups = []) =>
      issue(authority, { ...wish(user), organizations: groups, dns: [], ip: [], usage: "client" }),
  };
}

/**
 * Writes certificate and key into one file the way kubelet keeps its own: a dated file, and `kubelet-client-current.pem` as
 * a link to it. Gives the link's path. Called again, it moves the link: a rotation.
 */
export async function writeKubeletPem(dir: string, identity: Identity): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const dated = `kubelet-client-${new Date().toISOString().replaceAll(":", "-")}-${randomBytes(2).toString("hex")}.pem`;
  await writeFile(join(dir, dated), `${identity.cert}\n${identity.key}\n`, { mode: 0o600 });
  const link = join(dir, "kubelet-client-current.pem");
  const fresh = join(dir, `.${dated}.link`);
  await symlink(dated, fresh);
  await rename(fresh, link);
  return link;
}
