import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Identity } from "../../../testbed/src/certificates/identity.js";
import { type Issuer, issue, issueAuthority } from "../../../testbed/src/certificates/issue.js";
import type { CredentialNotice } from "../../src/kube/index.js";

const FIXTURES = new URL("../fixtures/kubeconfig/", import.meta.url);

/** Stands in every credential that must never be shown. */
export const CANARY = "c4n4ry-1f0und-m3";

let serial = 1;

/** A folder with an authority, certificates, keys and token files in `pki/`, plugins in `bin/`, and kubeconfigs made of fixtures. */
export class Workshop implements Disposable {
  readonly folder: string;
  readonly authority: Issuer;
  readonly server: Identity;
  readonly client: Identity;
  readonly token = `token-${CANARY}`;
  readonly notices: CredentialNotice[] = [];

  private constructor(folder: string, authority: Issuer, server: Identity, client: Identity) {
    this.folder = folder;
    this.authority = authority;
    this.server = server;
    this.client = client;
  }

  static async open(authorityName = "kubeconfig test CA"): Promise<Workshop> {
    const authority = await issueAuthority(authorityName);
    const server = await leaf(authority, "server", "server");
    const client = await leaf(authority, "client-one", "client");
    const folder = mkdtempSync(join(tmpdir(), "drainprobe-kube-"));
    const workshop = new Workshop(folder, authority, server, client);
    await workshop.#furnish();
    return workshop;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  newClient(commonName: string): Promise<Identity> {
    return leaf(this.authority, commonName, "client");
  }

  /** Writes one fixture with its marks filled in, and returns its path. */
  kubeconfig(kind: "valid" | "malformed", name: string, serverUrl: string): string {
    return this.write(name, this.fill(fixtureText(kind, name), serverUrl));
  }

  fill(text: string, serverUrl: string): string {
    const data = (content: string): string => Buffer.from(content).toString("base64");
    const inLines = data(this.authority.pem).replace(/.{76}/g, "$&\n").replace(/^/gm, "      ");
    const marks: Readonly<Record<string, string>> = {
      SERVER: serverUrl,
      DIR: this.folder,
      CA_DATA: data(this.authority.pem),
      CA_DATA_IN_LINES: inLines,
      CERT_DATA: data(this.client.cert),
      KEY_DATA: data(this.client.key),
      TOKEN: this.token,
      CANARY,
      CANARY_DATA: data(`${CANARY} is no certificate`),
    };
    return text.replace(/@([A-Z_]+)@/g, (mark, name: string) => marks[name] ?? mark);
  }

  /** No secret of this folder, and no part of one, is in the text. */
  leaks(text: string): readonly string[] {
    const keys = [this.client.key].flatMap((pem) =>
      pem.split("\n").filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line)),
    );
    const secrets = [CANARY, this.token, Buffer.from(CANARY).toString("base64").slice(0, 12), ...keys];
    return secrets.filter((secret) => text.includes(secret));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #furnish(): Promise<void> {
    mkdirSync(this.path("pki"));
    mkdirSync(this.path("bin"));
    const other = await leaf(this.authority, "somebody-else", "client");
    const { cert, key } = this.client;
    this.write("pki/ca.crt", this.authority.pem);
    this.write("pki/client.crt", cert);
    this.write("pki/client.key", key);
    this.write("pki/other.key", other.key);
    this.write("pki/kubelet-client-1.pem", `${cert}\n${key}`);
    symlinkSync(this.path("pki/kubelet-client-1.pem"), this.path("pki/kubelet-client-current.pem"));
    this.write("pki/token", `${this.token}\n`);
    this.write("pki/empty", "\n");
    this.write("pki/binary", Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    this.write("pki/half.key", key.slice(0, key.length / 2));
    this.write("pki/damaged.key", `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`);
    this.write("pki/damaged.crt", `-----BEGIN CERTIFICATE-----\nMIIB${"A".repeat(60)}\n-----END CERTIFICATE-----\n`);
    this.write("pki/encrypted.key", encryptedKey());
    this.plugin("bin/plugin", PLUGIN.replace("CLIENT", JSON.stringify(this.client)));
  }

  /** A credential plugin: a program of its own, run by this Node. */
  plugin(name: string, code: string): string {
    writeFileSync(this.path(name), `#!/usr/bin/env -S ${process.execPath}\n${code}`, { mode: 0o755 });
    return this.path(name);
  }
}

/** Names of the fixtures. */
export function fixtures(kind: "valid" | "malformed"): readonly string[] {
  return readdirSync(new URL(kind, FIXTURES)).map((name) => basename(name));
}

export function fixtureText(kind: "valid" | "malformed", name: string): string {
  return readFileSync(new URL(`${kind}/${name}`, FIXTURES), "utf8");
}

/** Its token tells what it was told, so that two callers can be compared by what the server saw. */
const PLUGIN = `
const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
const { PLUGIN_NOTE, PLUGIN_EMPTY, PLUGIN_GIVES } = process.env;
const told = { args: process.argv.slice(2), PLUGIN_NOTE, PLUGIN_EMPTY, kind: info.kind, cluster: info.spec.cluster };
const client = CLIENT;
const status = PLUGIN_GIVES === "certificate"
  ? { clientCertificateData: client.cert, clientKeyData: client.key }
  : { token: Buffer.from(JSON.stringify(told)).toString("base64url") };
console.error("${CANARY} on stderr");
console.log(JSON.stringify({ kind: "ExecCredential", apiVersion: info.apiVersion, status }));
`;

export function leaf(
  authority: Issuer,
  commonName: string,
  usage: "server" | "client",
  now = Date.now(),
): Promise<Identity> {
  const day = 86_400_000;
  serial += 1;
  return issue(authority, {
    serial: serial.toString(16).padStart(4, "0"),
    commonName,
    dns: usage === "server" ? ["testbed.internal", "localhost"] : [],
    ip: usage === "server" ? ["127.0.0.1"] : [],
    valid: { from: new Date(now - day), to: new Date(now + day) },
    usage,
  });
}

function encryptedKey(): string {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: CANARY },
  }).privateKey;
}
