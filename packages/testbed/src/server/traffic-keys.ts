import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { pingFrame } from "../h2/frame.js";
import type { Wire } from "./wire.js";

const HEADER_BYTES = 5;
const TAG_BYTES = 16;
/** Records sent under the application keys before us: session tickets, SETTINGS, answers. */
const MOST_RECORDS_BEFORE = 10_000;

interface Suite {
  readonly cipher: "aes-128-gcm" | "aes-256-gcm";
  readonly hash: "sha256" | "sha384";
  readonly keyBytes: number;
}

const SUITES: Readonly<Record<string, Suite>> = {
  TLS_AES_256_GCM_SHA384: { cipher: "aes-256-gcm", hash: "sha384", keyBytes: 32 },
  TLS_AES_128_GCM_SHA256: { cipher: "aes-128-gcm", hash: "sha256", keyBytes: 16 },
};

/** The keys a TLS 1.3 server writes with, so that a fault can send records which its TLS library would never make (RFC 8446 §7). */
export class TrafficKeys {
  readonly #suite: Suite;
  #secret: Buffer;
  #key: Buffer = Buffer.alloc(0);
  #iv: Buffer = Buffer.alloc(0);
  #sequence = 0;

  private constructor(suite: Suite, secret: Buffer) {
    this.#suite = suite;
    this.#secret = secret;
    this.#derive();
  }

  /** Takes over the writing side of a connection: from now on the TLS library must send nothing there any more. */
  static async take(wire: Wire): Promise<TrafficKeys> {
    const { secret, cipher } = wire.serverTraffic();
    const suite = SUITES[cipher];
    if (suite === undefined) throw new Error(`no suite ${cipher}`);
    const keys = new TrafficKeys(suite, secret);
    // An answer that is being written would bear a number of ours.
    wire.fallSilent();
    await wire.written;
    // One record of the library's own tells how many it has sent: only the right sequence number opens it.
    const records = await wire.nextRecord(pingFrame(Buffer.from("sequence"), true));
    const [first, ...others] = split(records);
    while (first !== undefined && !keys.#opens(first)) {
      if (++keys.#sequence > MOST_RECORDS_BEFORE) throw new Error("the record was not encrypted with the keys logged");
    }
    keys.#sequence += 1 + others.length;
    await wire.writeBelowTls(records);
    return keys;
  }

  /** A record of that content type, encrypted. */
  seal(contentType: number, content: Buffer): Buffer {
    const inner = Buffer.concat([content, Buffer.of(contentType)]);
    const header = Buffer.from([23, 3, 3, 0, 0]);
    header.writeUInt16BE(inner.length + TAG_BYTES, 3);
    const cipher = createCipheriv(this.#suite.cipher, this.#key, this.#nonce());
    cipher.setAAD(header);
    const sealed = Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
    this.#sequence += 1;
    return sealed;
  }

  /** RFC 8446 §7.2: what a KeyUpdate announces. */
  update(): void {
    this.#secret = this.#expand("traffic upd", this.#secret.length);
    this.#sequence = 0;
    this.#derive();
  }

  #derive(): void {
    this.#key = this.#expand("key", this.#suite.keyBytes);
    this.#iv = this.#expand("iv", 12);
  }

  #opens(record: Buffer): boolean {
    const decipher = createDecipheriv(this.#suite.cipher, this.#key, this.#nonce());
    decipher.setAAD(record.subarray(0, HEADER_BYTES));
    decipher.setAuthTag(record.subarray(-TAG_BYTES));
    decipher.update(record.subarray(HEADER_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return true;
    } catch {
      return false;
    }
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence) >>> 0, 8);
    return nonce;
  }

  /** HKDF-Expand-Label (RFC 8446 §7.1) of one block of the hash. */
  #expand(label: string, bytes: number): Buffer {
    const name = Buffer.from(`tls13 ${label}`, "latin1");
    const info = Buffer.concat([Buffer.of(bytes >>> 8, bytes & 0xff, name.length), name, Buffer.of(0, 1)]);
    return createHmac(this.#suite.hash, this.#secret).update(info).digest().subarray(0, bytes);
  }
}

/** What the library wrote in one go may be several records. */
function split(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt16BE(at + 3);
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}
