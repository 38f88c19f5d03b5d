import { createSecureContext, type SecureContext } from "node:tls";
import { DrainprobeError } from "../../errors.js";
import { fault, type Place } from "../kubeconfig/fault.js";
import type { Notify } from "../notice.js";
import { type CertificateChain, certificatesOf, checkPair, privateKeyOf } from "./pem.js";
import type { ChangingText } from "./source.js";

/** A client certificate with its key, PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TlsSources {
  readonly ca: ChangingText | null;
  readonly clientCertificate: { readonly cert: ChangingText; readonly key: ChangingText } | null;
}

interface Built {
  readonly version: string;
  readonly context: SecureContext;
  readonly ca: CertificateChain | null;
  readonly leaf: CertificateChain | null;
  readonly key: string | null;
}

/**
 * One secure context for all connections, built anew only when a file has changed. A change that cannot be used (half written,
 * or a certificate whose key has not come yet) is told once, and the last good context serves on.
 */
export class TlsMaterial {
  readonly #sources: TlsSources;
  readonly #notify: Notify;
  readonly #nowMs: () => number;
  #built: Built;
  #lastProblem: string | null = null;
  /** Texts that could not be used, so that they are not parsed again for each connection. */
  #refused: readonly string[] | null = null;
  #expiryTold: string | null = null;

  /** Reads everything once. Throws `CREDENTIALS_UNREADABLE` where that fails: there is no last good one yet. */
  constructor(sources: TlsSources, notify: Notify, nowMs: () => number) {
    this.#sources = sources;
    this.#notify = notify;
    this.#nowMs = nowMs;
    this.#built = this.#build(this.#version(), this.#texts());
    this.#tellExpiry();
  }

  /** For a connection opened now. Never throws. */
  secureContext(): SecureContext {
    this.#refresh();
    return this.#built.context;
  }

  /** PEM. `null` where Node's own authorities are trusted, or nothing is verified. */
  ca(): string | null {
    this.#refresh();
    return this.#built.ca?.pem ?? null;
  }

  clientCertificate(): ClientCertificate | null {
    this.#refresh();
    const { leaf, key } = this.#built;
    return leaf === null || key === null ? null : { cert: leaf.pem, key };
  }

  #refresh(): void {
    this.#tellExpiry();
    // Before the texts are read: what changes meanwhile has another version, and is seen the next time.
    const version = this.#version();
    if (version === this.#built.version) return;
    try {
      const texts = this.#texts();
      if (this.#refused !== null && sameTexts(texts, this.#refused)) return;
      this.#refused = texts;
      const old = this.#built;
      this.#built = this.#build(version, texts);
      this.#refused = null;
      this.#lastProblem = null;
      this.#tellRotation(old, this.#built);
      this.#tellExpiry();
    } catch (error) {
      this.#tellProblem(error);
    }
  }

  #version(): string {
    const { ca, clientCertificate } = this.#sources;
    const parts = [ca, clientCertificate?.cert, clientCertificate?.key];
    return parts.map((part) => part?.version() ?? "").join(" ");
  }

  /** CA, certificate, key. Where certificate and key are one file it is read once, or they might be of two rotations. */
  #texts(): readonly string[] {
    const { ca, clientCertificate } = this.#sources;
    const cert = clientCertificate?.cert.read() ?? "";
    const oneFile = clientCertificate !== null && sameFile(clientCertificate.cert, clientCertificate.key);
    return [ca?.read() ?? "", cert, oneFile ? cert : (clientCertificate?.key.read() ?? "")];
  }

  #build(version: string, [caText = "", certText = "", keyText = ""]: readonly string[]): Built {
    const { ca: caSource, clientCertificate } = this.#sources;
    const ca = caSource === null ? null : certificatesOf(caText, caSource.place, caSource.about);
    if (clientCertificate === null)
      return { version, ca, leaf: null, key: null, context: this.#context(ca, null, null) };
    const { cert: certSource, key: keySource } = clientCertificate;
    const leaf = certificatesOf(certText, certSource.place, certSource.about);
    const key = privateKeyOf(keyText, keySource.place, keySource.about);
    checkPair(leaf.first, key, keySource.place, keySource.about);
    return { version, ca, leaf, key, context: this.#context(ca, leaf, key) };
  }

  #context(ca: CertificateChain | null, leaf: CertificateChain | null, key: string | null): SecureContext {
    try {
      return createSecureContext({
        ...(ca === null ? {} : { ca: ca.pem }),
        ...(leaf === null || key === null ? {} : { cert: leaf.pem, key }),
      });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
      throw fault(this.#somewhere(), `OpenSSL refuses it (${code})`, "give a certificate and key of today's strength");
    }
  }

  #somewhere(): Place {
    const { ca, clientCertificate } = this.#sources;
    return clientCertificate?.cert.place ?? ca?.place ?? { file: "TLS", line: null, key: "" };
  }

  #tellProblem(error: unknown): void {
    if (!(error instanceof DrainprobeError)) throw error;
    if (error.message === this.#lastProblem) return;
    this.#lastProblem = error.message;
    this.#notify({ kind: "unreadable", text: `${error.message} (the last good one serves on)` });
  }

  #tellRotation(old: Built, now: Built): void {
    const changes: readonly [string, CertificateChain | null, CertificateChain | null][] = [
      ["client certificate", old.leaf, now.leaf],
      ["certificate authority", old.ca, now.ca],
    ];
    for (const [what, before, after] of changes) {
      if (after === null || before?.pem === after.pem) continue;
      const { fingerprint256, validTo } = after.first;
      const text = `${what} changed: SHA-256 ${fingerprint256}, valid until ${validTo}; used for new connections`;
      this.#notify({ kind: "rotated", text });
    }
  }

  #tellExpiry(): void {
    const leaf = this.#built.leaf;
    if (leaf === null) return;
    const { fingerprint256, validTo } = leaf.first;
    if (this.#expiryTold === fingerprint256 || Date.parse(validTo) > this.#nowMs()) return;
    this.#expiryTold = fingerprint256;
    this.#notify({ kind: "expired", text: `client certificate: it was valid until ${validTo}` });
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.every((text, index) => text === b[index]);
}

function sameFile(cert: ChangingText, key: ChangingText): boolean {
  return cert.about !== "" && cert.about === key.about;
}
