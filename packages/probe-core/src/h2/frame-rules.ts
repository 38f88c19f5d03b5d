import {
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_PADDED,
  FLAG_PRIORITY,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame.js";
import { VIOLATIONS, type Violation } from "./violations.js";

/**
 * What nine bytes alone can break: length and stream identifier of each frame type (RFC 9113 §6). Each of these ends the
 * connection. PRIORITY of a wrong length is not among them: it is an error of its stream.
 */
export function checkFrameHeader(type: number, flags: number, stream: number, length: number): Violation | null {
  switch (type) {
    case DATA:
      if (stream === 0) return VIOLATIONS.dataOnStreamZero;
      return (flags & FLAG_PADDED) !== 0 && length < 1 ? VIOLATIONS.frameTooShort : null;
    case HEADERS: {
      if (stream === 0) return VIOLATIONS.headersOnStreamZero;
      const fields = ((flags & FLAG_PADDED) !== 0 ? 1 : 0) + ((flags & FLAG_PRIORITY) !== 0 ? 5 : 0);
      return length < fields ? VIOLATIONS.frameTooShort : null;
    }
    case PRIORITY:
      return stream === 0 ? VIOLATIONS.priorityOnStreamZero : null;
    case RST_STREAM:
      if (stream === 0) return VIOLATIONS.rstOnStreamZero;
      return length === 4 ? null : VIOLATIONS.rstLength;
    case SETTINGS:
      if (stream !== 0) return VIOLATIONS.settingsOnStream;
      if ((flags & FLAG_ACK) !== 0) return length === 0 ? null : VIOLATIONS.settingsAckLength;
      return length % 6 === 0 ? null : VIOLATIONS.settingsLength;
    case PUSH_PROMISE:
      return VIOLATIONS.pushDisabled;
    case PING:
      if (stream !== 0) return VIOLATIONS.pingOnStream;
      return length === 8 ? null : VIOLATIONS.pingLength;
    case GOAWAY:
      if (stream !== 0) return VIOLATIONS.goawayOnStream;
      return length >= 8 ? null : VIOLATIONS.goawayLength;
    case WINDOW_UPDATE:
      return length === 4 ? null : VIOLATIONS.windowUpdateLength;
    case CONTINUATION: // only ever reached outside a field block
      return VIOLATIONS.continuationUnexpected;
    default:
      return null; // unknown types are ignored (RFC 9113 §5.5)
  }
}

/**
 * A first frame that is not SETTINGS (RFC 9113 §3.4). The nine bytes often tell what the peer speaks instead:
 * `HTTP/` read as a frame header has length 0x485454 and type 0x50; a TLS record begins 0x14 to 0x17, 0x03.
 */
export function checkFirstFrame(type: number, flags: number, length: number): Violation | null {
  if (type === SETTINGS && (flags & FLAG_ACK) === 0) return null;
  if (length === 0x485454 && type === 0x50) return VIOLATIONS.speaksHttp1;
  if (length >> 16 >= 0x14 && length >> 16 <= 0x17 && ((length >> 8) & 0xff) === 0x03) return VIOLATIONS.speaksTls;
  return VIOLATIONS.firstFrameNotSettings;
}

/** The field block fragment inside a HEADERS payload: padding and priority left out (RFC 9113 §6.2). */
export function headersFragment(flags: number, payload: Uint8Array): Uint8Array | null {
  if ((flags & (FLAG_PADDED | FLAG_PRIORITY)) === 0) return payload;
  const padding = (flags & FLAG_PADDED) !== 0 ? (payload[0] as number) : 0;
  const from = ((flags & FLAG_PADDED) !== 0 ? 1 : 0) + ((flags & FLAG_PRIORITY) !== 0 ? 5 : 0);
  return from + padding > payload.length ? null : payload.subarray(from, payload.length - padding);
}
