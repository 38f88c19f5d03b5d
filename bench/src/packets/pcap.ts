/** One TCP segment as the kernel saw it on the wire. */
export interface Segment {
  /** Wall clock, ns since 1970. */
  readonly wallNs: bigint;
  /** `ip:port` of the sender. */
  readonly from: string;
  readonly to: string;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  readonly payloadBytes: number;
  /** As much of the content as the snapshot length left. */
  readonly payload: Buffer;
}

/** Magic numbers of the classic pcap format: microseconds and nanoseconds, in the byte order of the writer. */
const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

const LINK_NULL = 0;
const LINK_ETHERNET = 1;
const LINK_RAW = 101;
const LINK_LINUX_SLL = 113;
const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_TCP = 6;

/**
 * The TCP segments over IPv4 in a capture file. Headers must be whole; content may be cut by the snapshot length, since
 * sizes are taken from the IP header. A record that is not complete yet (the file is still growing) ends the list.
 */
export function parsePcap(file: Buffer): Segment[] {
  if (file.length < FILE_HEADER_BYTES) return [];
  const little = [MAGIC_MICROS, MAGIC_NANOS].includes(file.readUInt32LE(0));
  const magic = little ? file.readUInt32LE(0) : file.readUInt32BE(0);
  if (magic !== MAGIC_MICROS && magic !== MAGIC_NANOS) throw new Error("not a pcap file");
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const linkType = u32(20) & 0xffff;
  const fractionNs = magic === MAGIC_NANOS ? 1n : 1_000n;

  const segments: Segment[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const wallNs = BigInt(u32(at)) * 1_000_000_000n + BigInt(u32(at + 4)) * fractionNs;
    const captured = u32(at + 8);
    at += RECORD_HEADER_BYTES;
    if (at + captured > file.length) break;
    const segment = parseFrame(file.subarray(at, at + captured), linkType, wallNs);
    if (segment !== null) segments.push(segment);
    at += captured;
  }
  return segments;
}

function parseFrame(frame: Buffer, linkType: number, wallNs: bigint): Segment | null {
  const ip = networkLayer(frame, linkType);
  if (ip === null || ip.length < 20 || ip.readUInt8(0) >> 4 !== 4 || ip.readUInt8(9) !== PROTOCOL_TCP) return null;
  const ipHeaderBytes = (ip.readUInt8(0) & 0x0f) * 4;
  const tcp = ip.subarray(ipHeaderBytes);
  if (tcp.length < 20) return null;
  const flags = tcp.readUInt8(13);
  const headerBytes = (tcp.readUInt8(12) >> 4) * 4;
  // Short Ethernet frames are padded: the size is the IP header's.
  const payloadBytes = ip.readUInt16BE(2) - ipHeaderBytes - headerBytes;
  return {
    wallNs,
    from: `${address(ip, 12)}:${tcp.readUInt16BE(0)}`,
    to: `${address(ip, 16)}:${tcp.readUInt16BE(2)}`,
    fin: (flags & 0x01) !== 0,
    syn: (flags & 0x02) !== 0,
    rst: (flags & 0x04) !== 0,
    ack: (flags & 0x10) !== 0,
    payloadBytes,
    payload: tcp.subarray(headerBytes, headerBytes + payloadBytes),
  };
}

function networkLayer(frame: Buffer, linkType: number): Buffer | null {
  switch (linkType) {
    case LINK_ETHERNET:
      return frame.length >= 14 && frame.readUInt16BE(12) === ETHERTYPE_IPV4 ? frame.subarray(14) : null;
    case LINK_LINUX_SLL:
      return frame.length >= 16 && frame.readUInt16BE(14) === ETHERTYPE_IPV4 ? frame.subarray(16) : null;
    case LINK_NULL:
      return frame.subarray(4);
    case LINK_RAW:
      return frame;
    default:
      throw new Error(`link type ${linkType} is not known here`);
  }
}

function address(ip: Buffer, at: number): string {
  return `${ip.readUInt8(at)}.${ip.readUInt8(at + 1)}.${ip.readUInt8(at + 2)}.${ip.readUInt8(at + 3)}`;
}
