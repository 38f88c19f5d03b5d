import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { readBoundedFile } from "@drainprobe/core/kube";
import { errorCode } from "../system-error.js";
import { UsageError } from "../usage-error.js";
import { readSmallFile } from "./small-file.js";

/** Where to find the credentials of one path. File names are told in errors, contents never. */
export interface CredentialFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly tokenFile: string | undefined;
}

export interface Credentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: () => string;
}

/** Reads and checks credential files, so that a bad one is told before a connection suffers from it. */
export function loadCredentials(files: CredentialFiles): Credentials {
  if (files.cert !== undefined && files.key === undefined)
    throw new UsageError("--cert wants its private key: add --key FILE");
  if (files.key !== undefined && files.cert === undefined)
    throw new UsageError("--key wants its certificate: add --cert FILE");
  const ca = files.ca === undefined ? undefined : certificates(files.ca, "--ca");
  const cert = files.cert === undefined ? undefined : certificates(files.cert, "--cert");
  const key = files.key === undefined ? undefined : privateKey(files.key);
  if (cert !== undefined && key !== undefined) checkPair(cert, key, files);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(files.tokenFile === undefined ? {} : { token: tokenReader(files.tokenFile) }),
  };
}

function certificates(file: string, flag: string): string {
  const pem = readSmallFile(file, flag);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) throw new UsageError(`${flag} ${file}: holds no PEM certificate (-----BEGIN CERTIFICATE-----)`);
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new UsageError(`${flag} ${file}: certificate ${index + 1} of ${blocks.length} cannot be parsed`);
    }
  }
  return pem;
}

function privateKey(file: string): string {
  const pem = readSmallFile(file, "--key");
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new UsageError(`--key ${file}: holds no PEM private key (-----BEGIN PRIVATE KEY-----)`);
  }
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw new UsageError(`--key ${file}: has a passphrase; give a key without one`);
  }
  return pem;
}

function checkPair(cert: string, key: string, files: CredentialFiles): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const mismatch = errorCode(error)?.includes("MISMATCH") === true;
    throw new UsageError(
      mismatch
        ? `--key ${files.key}: is not the key of --cert ${files.cert}`
        : `--key ${files.key}: cannot be used with --cert ${files.cert} (${errorCode(error) ?? "refused by OpenSSL"})`,
    );
  }
}

/** Reads the token anew at each call; when a rotation leaves nothing to read, the last good one serves on. */
function tokenReader(file: string): () => string {
  let last = tokenOf(readSmallFile(file, "--token-file"));
  if (last === null)
    throw new UsageError(`--token-file ${file}: holds no token, or one with blanks or control characters`);
  return () => {
    try {
      last = tokenOf(readBoundedFile(file, { patienceMs: 0 }).toString("utf8")) ?? last;
    } catch {
      // A file that is being replaced is not news; a token that has expired will be told by the server.
    }
    return last ?? "";
  };
}

function tokenOf(text: string): string | null {
  const token = text.trim();
  return /^[\x21-\x7e]+$/.test(token) ? token : null;
}
