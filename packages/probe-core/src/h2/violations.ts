import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from "../events/index.js";

/** A rule the peer broke: the code we answer with, where it is written, and what happened in words of ours. */
export interface Violation {
  /** RFC 9113 §7. */
  readonly code: number;
  /** `RFC 9113 §6.5.2`. */
  readonly rule: string;
  readonly message: string;
}

function h2(section: string, code: number, message: string): Violation {
  return { code, rule: `RFC 9113 §${section}`, message };
}

function hpack(section: string, message: string): Violation {
  return { code: COMPRESSION_ERROR, rule: `RFC 7541 §${section}`, message };
}

/** Every way in which a peer can break a rule that this client enforces. Whether stream or connection ends is decided where it is raised. */
export const VIOLATIONS = {
  firstFrameNotSettings: h2("3.4", PROTOCOL_ERROR, "the first frame is not SETTINGS"),
  speaksHttp1: h2("3.4", PROTOCOL_ERROR, "the peer answered in HTTP/1, not in HTTP/2"),
  speaksTls: h2("3.4", PROTOCOL_ERROR, "the peer answered with a TLS record where HTTP/2 was expected"),
  frameTooLarge: h2("4.2", FRAME_SIZE_ERROR, "a frame is longer than SETTINGS_MAX_FRAME_SIZE"),
  frameTooShort: h2("4.2", FRAME_SIZE_ERROR, "a frame is too short for its mandatory fields"),

  framesWithoutUse: h2("10.5", ENHANCE_YOUR_CALM, "too many frames that carry nothing"),
  headerBlockTooLarge: h2("10.5.1", ENHANCE_YOUR_CALM, "a field block is larger than we hold"),
  headerListTooLarge: h2("10.5.1", ENHANCE_YOUR_CALM, "a field section is larger than SETTINGS_MAX_HEADER_LIST_SIZE"),

  idleStream: h2("5.1", PROTOCOL_ERROR, "a frame on a stream that nobody opened"),
  serverStream: h2("5.1.1", PROTOCOL_ERROR, "a frame on a stream of the server's, though push is disabled"),
  streamClosed: h2("5.1", STREAM_CLOSED, "a frame on a stream that the peer had ended"),
  streamReset: h2("5.1", STREAM_CLOSED, "a frame on a stream that the peer had reset"),
  aboveGoaway: h2("6.8", PROTOCOL_ERROR, "a response on a stream above the last stream id of GOAWAY"),

  dataOnStreamZero: h2("6.1", PROTOCOL_ERROR, "DATA on stream 0"),
  dataPadding: h2("6.1", PROTOCOL_ERROR, "DATA with more padding than payload"),
  headersOnStreamZero: h2("6.2", PROTOCOL_ERROR, "HEADERS on stream 0"),
  headersPadding: h2("6.2", PROTOCOL_ERROR, "HEADERS with more padding than payload"),
  priorityOnStreamZero: h2("6.3", PROTOCOL_ERROR, "PRIORITY on stream 0"),
  priorityLength: h2("6.3", FRAME_SIZE_ERROR, "PRIORITY of another length than 5"),
  rstOnStreamZero: h2("6.4", PROTOCOL_ERROR, "RST_STREAM on stream 0"),
  rstOnIdleStream: h2("6.4", PROTOCOL_ERROR, "RST_STREAM on a stream that nobody opened"),
  rstLength: h2("6.4", FRAME_SIZE_ERROR, "RST_STREAM of another length than 4"),
  settingsOnStream: h2("6.5", PROTOCOL_ERROR, "SETTINGS on a stream other than 0"),
  settingsLength: h2("6.5", FRAME_SIZE_ERROR, "SETTINGS of a length that is no multiple of 6"),
  settingsAckLength: h2("6.5", FRAME_SIZE_ERROR, "SETTINGS ACK with a payload"),
  settingsEnablePush: h2("6.5.2", PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH from a server is not 0"),
  settingsWindowSize: h2("6.5.2", FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1"),
  settingsFrameSize: h2("6.5.2", PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE is outside 2^14 to 2^24-1"),
  pushDisabled: h2("6.6", PROTOCOL_ERROR, "PUSH_PROMISE, though push is disabled"),
  pingOnStream: h2("6.7", PROTOCOL_ERROR, "PING on a stream other than 0"),
  pingLength: h2("6.7", FRAME_SIZE_ERROR, "PING of another length than 8"),
  goawayOnStream: h2("6.8", PROTOCOL_ERROR, "GOAWAY on a stream other than 0"),
  goawayLength: h2("6.8", FRAME_SIZE_ERROR, "GOAWAY shorter than 8"),
  goawayIncreased: h2("6.8", PROTOCOL_ERROR, "a GOAWAY raised the last stream id of the one before"),
  windowUpdateLength: h2("6.9", FRAME_SIZE_ERROR, "WINDOW_UPDATE of another length than 4"),
  windowUpdateZero: h2("6.9", PROTOCOL_ERROR, "WINDOW_UPDATE with an increment of 0"),
  windowUpdateIdle: h2("5.1", PROTOCOL_ERROR, "WINDOW_UPDATE on a stream that nobody opened"),
  windowOverflow: h2("6.9.1", FLOW_CONTROL_ERROR, "WINDOW_UPDATE raised a window above 2^31-1"),
  windowOverflowBySettings: h2(
    "6.9.2",
    FLOW_CONTROL_ERROR,
    "SETTINGS_INITIAL_WINDOW_SIZE raised a window above 2^31-1",
  ),
  streamWindowExceeded: h2("6.9.1", FLOW_CONTROL_ERROR, "DATA beyond the window of the stream"),
  connectionWindowExceeded: h2("6.9.1", FLOW_CONTROL_ERROR, "DATA beyond the window of the connection"),
  continuationExpected: h2("6.10", PROTOCOL_ERROR, "a field block was interrupted by another frame"),
  continuationUnexpected: h2("6.10", PROTOCOL_ERROR, "CONTINUATION without a field block to continue"),

  dataBeforeHeaders: h2("8.1", PROTOCOL_ERROR, "DATA before the final response HEADERS"),
  trailersWithoutEnd: h2("8.1", PROTOCOL_ERROR, "HEADERS after the final response HEADERS without END_STREAM"),
  informationalWithEnd: h2("8.1", PROTOCOL_ERROR, "an informational response with END_STREAM"),
  contentTooLong: h2("8.1.1", PROTOCOL_ERROR, "more content than content-length announced"),
  contentForbidden: h2("8.1.1", PROTOCOL_ERROR, "content in a response that cannot have any"),
  contentLength: h2("8.1.1", PROTOCOL_ERROR, "content-length is not one number"),
  fieldName: h2("8.2.1", PROTOCOL_ERROR, "a field name with a character that is not allowed"),
  fieldValue: h2("8.2.1", PROTOCOL_ERROR, "a field value with a character that is not allowed"),
  connectionSpecific: h2("8.2.2", PROTOCOL_ERROR, "a connection-specific field"),
  pseudoUnknown: h2("8.3", PROTOCOL_ERROR, "a pseudo-header field that no response has"),
  pseudoAfterRegular: h2("8.3", PROTOCOL_ERROR, "a pseudo-header field after a regular one"),
  pseudoInTrailers: h2("8.1", PROTOCOL_ERROR, "a pseudo-header field in trailers"),
  statusMissing: h2("8.3.2", PROTOCOL_ERROR, "no :status"),
  statusTwice: h2("8.3", PROTOCOL_ERROR, ":status twice"),
  statusInvalid: h2("8.3.2", PROTOCOL_ERROR, ":status is not a status code"),
  switchingProtocols: h2("8.6", PROTOCOL_ERROR, "status 101, which HTTP/2 does not have"),

  hpackTruncated: hpack("5", "a field block ends inside a field"),
  hpackInteger: hpack("5.1", "an integer beyond what we hold"),
  hpackHuffman: hpack("5.2", "Huffman code that is padded wrongly or holds EOS"),
  hpackIndexZero: hpack("6.1", "index 0"),
  hpackIndex: hpack("2.3.3", "an index beyond the tables"),
  hpackTableSize: hpack("6.3", "a table size above what we allow"),
  hpackTableSizeLate: hpack("4.2", "a table size update after the first field of a block"),
} as const satisfies Record<string, Violation>;
