import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  sensitiveHeaders,
} from "node:http2";
import { CANCEL, type RequestId, type StreamId } from "../events/index.js";
import type { H2Fact, RequestHead } from "../h2/contract.js";
import { H2Observer } from "../h2/observer.js";
import type { ResponseTap } from "../h2/stream.js";
import { LIMITS } from "../limits.js";
import type { WitnessedConnection } from "./contract.js";
import type { Engine } from "./engine.js";
import type { PreparedHead } from "./request-template.js";

const STREAM_WINDOW = 4 * 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;

/** RFC 9113 §5.1.2: without SETTINGS_MAX_CONCURRENT_STREAMS there is no limit. */
const NO_LIMIT = 0x7fff_ffff;

/** Values that neither we nor anyone who forwards them may index (RFC 7541 §7.1.3). */
const SENSITIVE = ["authorization", "cookie", "proxy-authorization"];

const ignore = (): void => {};

/**
 * node:http2 on the connection's plaintext, with an observer beside it. What node:http2 says happened is not listened to: it
 * reports cut-off responses as ended and resets that nobody sent. Every fact comes from the bytes on their way to it.
 *
 * What it does by itself shows all the same: it closes a connection after a GOAWAY as soon as its streams are done (close
 * reason `engine.closed`), and gives up every stream at a GOAWAY with an error code.
 */
export class NodeEngine implements Engine {
  readonly #session: ClientHttp2Session;
  readonly #observer = new H2Observer({ limits: LIMITS });
  readonly #streams = new Map<StreamId, ClientHttp2Stream>();
  #maxStreams = NO_LIMIT;

  constructor(connection: WitnessedConnection, url: URL) {
    this.#session = connect(url.origin, {
      createConnection: () => connection.duplex(),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: LIMITS.maxHeaderListBytes },
      // The bound is the PING timeout, which is ours to find.
      maxOutstandingPings: 1_000_000,
    });
    this.#session.on("error", ignore);
    this.#session.setLocalWindowSize(CONNECTION_WINDOW);
  }

  get capacity(): number {
    if (!this.ready || this.draining || this.failed || this.#session.destroyed || this.#session.closed) return 0;
    return Math.max(0, this.#maxStreams - this.#observer.openStreams);
  }

  get ready(): boolean {
    return this.#observer.ready;
  }

  get draining(): boolean {
    return this.#observer.draining;
  }

  get failed(): boolean {
    return this.#observer.failed;
  }

  receive(bytes: Uint8Array, facts: H2Fact[]): void {
    const first = facts.length;
    this.#observer.receive(bytes, facts);
    const last = facts.length;
    for (let index = first; index < last; index += 1) {
      const fact = facts[index];
      if (fact?.kind === "h2.settings.received") {
        this.#maxStreams = fact.settings.maxConcurrentStreams ?? this.#maxStreams;
      } else if (fact?.kind === "h2.protocol.error" && fact.stream !== null) {
        this.#close(fact.stream, fact.request, fact.errorCode, facts);
      }
    }
  }

  request(request: RequestId, head: PreparedHead, body: Uint8Array | null, tap: ResponseTap | null): StreamId {
    if (this.capacity === 0) return 0;
    const withBody = body !== null && body.byteLength > 0;
    const stream = this.#session.request(nodeHeaders(head.head), { endStream: !withBody });
    stream.on("error", ignore);
    const { id } = stream;
    if (id === undefined) {
      // It waits for something inside node:http2, so it could not be told from another in the bytes.
      stream.close(CANCEL);
      return 0;
    }
    this.#observer.opened(id, request, head.head.method, tap);
    this.#streams.set(id, stream);
    stream.on("close", () => this.#streams.delete(id));
    stream.resume();
    if (withBody) {
      this.#observer.acted(body.byteLength);
      stream.end(body);
    }
    return id;
  }

  reset(stream: StreamId, errorCode: number, facts: H2Fact[]): void {
    const open = this.#observer.reset(stream);
    if (open !== undefined) this.#close(stream, open.request, errorCode, facts);
  }

  ping(opaque: string): void {
    if (this.#session.destroyed) return;
    this.#observer.acted();
    this.#session.ping(Buffer.from(opaque, "hex"), ignore);
  }

  goaway(errorCode: number, facts: H2Fact[]): void {
    if (this.#session.destroyed) return;
    this.#session.goaway(errorCode);
    facts.push({ kind: "h2.goaway.sent", errorCode });
  }

  flush(): void {
    // node:http2 writes by itself, at the end of the turn.
  }

  dispose(): void {
    this.#session.destroy();
  }

  #close(id: StreamId, request: RequestId | null, errorCode: number, facts: H2Fact[]): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.destroyed) return;
    stream.close(errorCode);
    facts.push({ kind: "h2.rst_stream.sent", stream: id, request, errorCode });
  }
}

const converted = new WeakMap<RequestHead, OutgoingHttpHeaders>();

function nodeHeaders(head: RequestHead): OutgoingHttpHeaders {
  let headers = converted.get(head);
  if (headers === undefined) {
    headers = {
      ":method": head.method,
      ":scheme": head.scheme,
      ":authority": head.authority,
      ":path": head.path,
      ...Object.fromEntries(head.headers),
      [sensitiveHeaders]: SENSITIVE,
    };
    converted.set(head, headers);
  }
  return headers;
}
