import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificates } from "@drainprobe/testbed";

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM of the authority that signed it. */
  readonly ca: string;
  readonly caFile: string;
}

/** Writes the testbed's certificate for 127.0.0.1 into `dir`, as the servers want it: PEM files, chain in one. */
export async function writeCertificate(dir: string): Promise<CertificateFiles> {
  const { ca, good } = await certificates();
  const files = { certFile: join(dir, "cert.pem"), keyFile: join(dir, "key.pem"), caFile: join(dir, "ca.pem") };
  writeFileSync(files.certFile, good.cert);
  writeFileSync(files.keyFile, good.key, { mode: 0o600 });
  writeFileSync(files.caFile, ca);
  return { ...files, ca };
}
