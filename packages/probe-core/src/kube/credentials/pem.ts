import { createPrivateKey, X509Certificate } from "node:crypto";
import { fault, type Place } from "../kubeconfig/fault.js";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[^-]*(?:-[^-]+)*?-----END \1-----/;

/** Certificates out of PEM that may hold other things beside them. `about` names the file, where it is not the place's own. */
export interface CertificateChain {
  readonly pem: string;
  readonly first: X509Certificate;
  readonly count: number;
}

/** All certificates of a text, each parsed. Throws one line, without a byte of the text. */
export function certificatesOf(text: string, place: Place, about: string): CertificateChain {
  const blocks = text.match(CERTIFICATE) ?? [];
  const parsed = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      const which = blocks.length === 1 ? "its certificate" : `certificate ${index + 1} of ${blocks.length}`;
      throw fault(place, `${about}${which} cannot be parsed`, "check that it was copied whole");
    }
  });
  const first = parsed[0];
  if (first === undefined) {
    throw fault(
      place,
      `${about}it holds no complete PEM certificate`,
      "it must have a block -----BEGIN CERTIFICATE-----",
    );
  }
  return { pem: `${blocks.join("\n")}\n`, first, count: blocks.length };
}

/** The private key of a text. Throws one line, without a byte of the text. */
export function privateKeyOf(text: string, place: Place, about: string): string {
  const match = PRIVATE_KEY.exec(text);
  if (match === null) {
    throw fault(
      place,
      `${about}it holds no complete PEM private key`,
      "it must have a block -----BEGIN PRIVATE KEY-----",
    );
  }
  const [pem, label] = match;
  if (label?.startsWith("ENCRYPTED") === true || /Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw fault(place, `${about}its private key has a passphrase`, "give a key without one");
  }
  try {
    createPrivateKey(pem);
  } catch {
    throw fault(place, `${about}its private key cannot be parsed`, "check that it was copied whole");
  }
  return `${pem}\n`;
}

/** Throws where the key is another certificate's. */
export function checkPair(cert: X509Certificate, key: string, place: Place, about: string): void {
  if (cert.checkPrivateKey(createPrivateKey(key))) return;
  throw fault(place, `${about}the key is not the certificate's`, "give the key that the certificate was made for");
}
