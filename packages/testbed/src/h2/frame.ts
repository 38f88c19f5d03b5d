/** Frame types of RFC 9113 §6. */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags. Their meaning depends on the type. */
export const FLAG = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** Error codes of RFC 9113 §7 which faults use. */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** First bytes of every client (RFC 9113 §3.4). */
export const CLIENT_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

const HEADER_BYTES = 9;
const EMPTY = Buffer.alloc(0);

/** One frame as it was on the wire. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Any frame, valid or not: nothing is checked, so that faults can send what no server should. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = EMPTY): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream >>> 0, 5);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** SETTINGS with the given identifier and value pairs. */
export function settingsFrame(settings: readonly (readonly [number, number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value >>> 0, i * 6 + 2);
  });
  return frame(FRAME.SETTINGS, 0, 0, payload);
}

export function settingsAckFrame(): Buffer {
  return frame(FRAME.SETTINGS, FLAG.ACK, 0);
}

/** PING; `opaque` is 8 bytes. */
export function pingFrame(opaque: Buffer, ack: boolean): Buffer {
  return frame(FRAME.PING, ack ? FLAG.ACK : 0, 0, opaque);
}

export function goawayFrame(lastStreamId: number, errorCode: number, debug = ""): Buffer {
  const payload = Buffer.concat([Buffer.alloc(8), Buffer.from(debug, "utf8")]);
  payload.writeUInt32BE(lastStreamId >>> 0, 0);
  payload.writeUInt32BE(errorCode >>> 0, 4);
  return frame(FRAME.GOAWAY, 0, 0, payload);
}

export function rstStreamFrame(stream: number, errorCode: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(errorCode >>> 0);
  return frame(FRAME.RST_STREAM, 0, stream, payload);
}

export function windowUpdateFrame(stream: number, increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment >>> 0);
  return frame(FRAME.WINDOW_UPDATE, 0, stream, payload);
}

/** A whole header block in one HEADERS frame. */
export function headersFrame(stream: number, block: Buffer, endStream: boolean): Buffer {
  return frame(FRAME.HEADERS, FLAG.END_HEADERS | (endStream ? FLAG.END_STREAM : 0), stream, block);
}

export function dataFrame(stream: number, content: Buffer, endStream: boolean): Buffer {
  return frame(FRAME.DATA, endStream ? FLAG.END_STREAM : 0, stream, content);
}

/** Puts frames together from bytes cut anywhere. */
export class FrameReader {
  #rest: Buffer = EMPTY;

  push(bytes: Buffer): Frame[] {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const frames: Frame[] = [];
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      frames.push({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: Buffer.from(rest.subarray(HEADER_BYTES, end)),
      });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return frames;
  }
}

/** The content of DATA or HEADERS without padding (RFC 9113 §6.1) and, for HEADERS, without the priority fields. */
export function withoutPadding(f: Frame): Buffer {
  let start = 0;
  let end = f.payload.length;
  if (f.flags & FLAG.PADDED) {
    start = 1;
    end -= f.payload.readUInt8(0);
  }
  if (f.type === FRAME.HEADERS && f.flags & FLAG.PRIORITY) start += 5;
  return f.payload.subarray(start, Math.max(start, end));
}
