import type { RequestId, StreamId } from "../events/index.js";
import type { H2Fact } from "../h2/contract.js";
import type { ResponseTap } from "../h2/stream.js";
import type { WitnessedConnection } from "./contract.js";
import type { PreparedHead } from "./request-template.js";

/**
 * What writes requests onto a witnessed connection. Facts come from the bytes that pass, whoever wrote the request,
 * so both engines feed the same log. An engine judges nothing and keeps no time.
 */
export interface Engine {
  /** Plaintext from the peer. Appends facts in wire order. */
  receive(bytes: Uint8Array, facts: H2Fact[]): void;
  /**
   * Opens a stream. Returns its id, or 0 where none may be opened now. Nothing need be on the wire before `flush()`.
   * `tap` reads the response.
   */
  request(request: RequestId, head: PreparedHead, body: Uint8Array | null, tap: ResponseTap | null): StreamId;
  /** RST_STREAM of ours. */
  reset(stream: StreamId, errorCode: number, facts: H2Fact[]): void;
  /** `opaque` is 8 bytes as 16 hex digits. */
  ping(opaque: string): void;
  /** GOAWAY of ours. */
  goaway(errorCode: number, facts: H2Fact[]): void;
  /** Hands everything queued to the connection. */
  flush(): void;
  /** The connection is gone: lets go of whatever the engine holds. */
  dispose(): void;
  /** How many more requests may be opened now. */
  readonly capacity: number;
  /** First SETTINGS received. */
  readonly ready: boolean;
  /** A GOAWAY was received: no new requests. */
  readonly draining: boolean;
  /** The peer broke HTTP/2: our GOAWAY is queued, nothing more will be read. */
  readonly failed: boolean;
}

export type EngineFactory = (connection: WitnessedConnection, url: URL) => Engine;
