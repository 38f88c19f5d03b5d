import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Identity } from "./identity.js";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** An authority: its certificate and the key it signs with. */
export interface Issuer {
  readonly pem: string;
  readonly subject: string;
  readonly privateKey: webcrypto.CryptoKey;
}

/** What a certificate is to say. */
export interface CertificateWish {
  /** Hex. */
  readonly serial: string;
  readonly commonName: string;
  /** The subject's organizations; Kubernetes takes them for groups. Default: none. */
  readonly organizations?: readonly string[];
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly valid: { readonly from: Date; readonly to: Date };
  readonly usage: "server" | "client";
}

/** A self-signed authority, valid from two days ago for a month. */
export async function issueAuthority(commonName: string): Promise<Issuer> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString("hex"),
    name: `CN=${commonName}`,
    notBefore: new Date(Date.now() - 2 * 86_400_000),
    notAfter: new Date(Date.now() + 30 * 86_400_000),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { pem: certificate.toString("pem"), subject: certificate.subject, privateKey: keys.privateKey };
}

/** A leaf with a key of its own. Its PEM carries the authority behind it, as servers send it. */
export async function issue(issuer: Issuer, wish: CertificateWish): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const names: x509.JsonGeneralNames = [
    ...wish.dns.map((value) => ({ type: "dns", value }) as const),
    ...wish.ip.map((value) => ({ type: "ip", value }) as const),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: wish.serial,
    subject: [{ CN: [wish.commonName] }, ...(wish.organizations ?? []).map((name) => ({ O: [name] }))],
    issuer: issuer.subject,
    notBefore: wish.valid.from,
    notAfter: wish.valid.to,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([wish.usage === "server" ? SERVER_AUTH : CLIENT_AUTH]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: `${certificate.toString("pem")}\n${issuer.pem}`,
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}
