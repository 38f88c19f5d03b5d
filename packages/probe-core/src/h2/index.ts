export { H2Client, type H2ClientOptions } from "./client.js";
export type { EncodedHead, H2ClientContract, H2Fact, H2PingAckSeen, RequestHead } from "./contract.js";
export { type FieldSink, HpackDecoder, type HpackDecoderOptions } from "./hpack/decoder.js";
export { type FieldToEncode, HpackEncoder, type HpackEncoderOptions } from "./hpack/encoder.js";
export type { HeaderField } from "./hpack/field.js";
export { type H2Limits, H2Observer, type H2ObserverOptions } from "./observer.js";
export { encodeRequest } from "./request-head.js";
export { VIOLATIONS, type Violation } from "./violations.js";
