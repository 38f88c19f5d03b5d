import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";
import { onPing } from "./on-ping.js";

const APPLICATION_DATA = 23;
const HANDSHAKE = 22;

function record(type: number, claimed: number, bytes: number): Buffer {
  const made = Buffer.alloc(5 + bytes, 0xa5);
  made.writeUInt8(type, 0);
  made.writeUInt16BE(0x0303, 1);
  made.writeUInt16BE(claimed, 3);
  return made;
}

export const tlsRecords = {
  /** RFC 8446 §5.2: a record of more than 2^14 + 256 bytes. */
  oversized: (): Fault =>
    onPing("tls-record-oversized", (connection) =>
      connection.wire.writeBelowTls(record(APPLICATION_DATA, 0xffff, 0xffff)),
    ),
  /** A record whose bytes nobody encrypted. */
  forged: (): Fault =>
    onPing("tls-record-forged", (connection) => connection.wire.writeBelowTls(record(APPLICATION_DATA, 64, 64))),
  /** A handshake message that says it has 16 MB, in records without end. */
  endlessHandshake: (): Fault =>
    onClientHello("tls-endless-handshake", async (connection) => {
      const first = record(HANDSHAKE, 0x4000, 0x4000);
      first.writeUInt8(2, 5); // ServerHello
      first.writeUIntBE(0xffffff, 6, 3);
      for (let sent = 0; sent < 1_024 && !connection.closed; sent++) {
        await connection.wire.writeBelowTls(sent === 0 ? first : record(HANDSHAKE, 0x4000, 0x4000));
      }
    }),
} as const;
