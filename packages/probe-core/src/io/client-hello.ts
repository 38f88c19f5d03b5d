import { randomFillSync } from "node:crypto";

/** A ClientHello to send many times, with places for what must differ each time. */
interface Prepared {
  readonly record: Buffer;
  /** Where fresh random bytes go: random, legacy session id, the X25519 share. 32 bytes each. */
  readonly randomAt: readonly number[];
}

const RANDOM_BYTES = 32;
/** For all three places: three questions to the generator cost more than three copies. */
const fresh = Buffer.alloc(3 * RANDOM_BYTES);
const prepared = new Map<string, Prepared>();
/** Names are those of a run's paths, so this is never reached in earnest. */
const REMEMBERED = 256;

/**
 * A ClientHello for `serverName` (`null`: no SNI) in a record of its own (RFC 8446 §4.1.2): TLS 1.3 and 1.2, the common
 * ciphers, an X25519 share, ALPN `h2`. Any 32 bytes are an X25519 share (RFC 7748 §5), so nothing is computed for it; the handshake
 * it begins can therefore never be finished.
 */
export function clientHello(serverName: string | null): Buffer {
  const key = serverName ?? "";
  let hello = prepared.get(key);
  if (hello === undefined) {
    if (prepared.size >= REMEMBERED) prepared.clear();
    hello = prepare(serverName);
    prepared.set(key, hello);
  }
  // A copy: the last one may still wait to be written.
  const record = Buffer.from(hello.record);
  randomFillSync(fresh);
  for (const [index, at] of hello.randomAt.entries()) {
    fresh.copy(record, at, index * RANDOM_BYTES, (index + 1) * RANDOM_BYTES);
  }
  return record;
}

function prepare(serverName: string | null): Prepared {
  const random = Buffer.alloc(RANDOM_BYTES);
  const ciphers = u16s(0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8);
  const share = Buffer.concat([u16s(X25519), sized(2, random)]);
  const extensions = Buffer.concat([
    ...(serverName === null
      ? []
      : [extension(0, sized(2, Buffer.from([0]), sized(2, Buffer.from(serverName, "latin1"))))]),
    extension(10, sized(2, u16s(X25519, 0x0017, 0x0018))), // supported_groups
    extension(11, sized(1, Buffer.from([0]))), // ec_point_formats
    extension(13, sized(2, u16s(0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601))),
    extension(16, sized(2, sized(1, Buffer.from("h2", "latin1")))), // ALPN
    extension(23, Buffer.alloc(0)), // extended_master_secret
    extension(43, sized(1, u16s(0x0304, 0x0303))), // supported_versions
    extension(45, sized(1, Buffer.from([1]))), // psk_key_exchange_modes
    extension(51, sized(2, share)), // key_share, last: its random bytes end the message
  ]);
  const body = Buffer.concat([
    u16s(0x0303),
    random,
    sized(1, random),
    sized(2, ciphers),
    sized(1, Buffer.from([0])),
    sized(2, extensions),
  ]);
  const record = Buffer.concat([Buffer.from([22, 3, 1]), sized(2, Buffer.from([1]), sized(3, body))]);
  const randomAt = 5 + 4 + 2;
  return { record, randomAt: [randomAt, randomAt + RANDOM_BYTES + 1, record.length - RANDOM_BYTES] };
}

const X25519 = 0x001d;

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([u16s(type), sized(2, content)]);
}

function u16s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

/** The parts behind their length in so many bytes. */
function sized(lengthBytes: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}
