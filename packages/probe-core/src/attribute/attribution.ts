import type { ConnectionId, EventOf, PathName, RequestId, StreamId } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { type OpenConnection, openConnectionRecord } from "./open-connection.js";
import { cite, type OpenRequest } from "./open-request.js";
import { PathReach } from "./path-reach.js";

/** An event that says which request it is about, by id, or by connection and stream alone. */
interface AboutRequest {
  readonly conn: ConnectionId | null;
  readonly stream?: StreamId | null;
  readonly request: RequestId | null;
}

/**
 * Joins requests to the connections that carry them, from the log alone. Holds what is open and nothing else; its tables are
 * bounded by `LIMITS.openConnections` and `LIMITS.openRequests`, and what falls over a bound is counted.
 */
export class Attribution {
  readonly connections = new Map<ConnectionId, OpenConnection>();
  readonly requests = new Map<RequestId, OpenRequest>();
  readonly paths = new Map<PathName, PathReach>();
  droppedConnections = 0;
  droppedRequests = 0;

  path(name: PathName): PathReach {
    let path = this.paths.get(name);
    if (path === undefined) {
      path = new PathReach(name);
      this.paths.set(name, path);
    }
    return path;
  }

  /** The attempt an event begins, or `null` when it is known already or the table is full. */
  startConnection(event: EventOf<"tcp.connect.started"> | EventOf<"dns.resolve.failed">): OpenConnection | null {
    if (this.connections.has(event.conn)) return null;
    if (this.connections.size >= LIMITS.openConnections) {
      this.droppedConnections += 1;
      return null;
    }
    const remote = event.kind === "tcp.connect.started" ? event.remote : null;
    const epoch = this.path(event.path).attemptStarted(event.t);
    const conn = openConnectionRecord(event.conn, event.path, event.lane, remote, event, epoch);
    this.connections.set(event.conn, conn);
    return conn;
  }

  /** The request an event begins, or `null` when it is known already or the table is full. */
  startRequest(event: EventOf<"request.queued"> | EventOf<"request.sent">): OpenRequest | null {
    if (this.requests.has(event.request)) return null;
    if (this.requests.size >= LIMITS.openRequests) {
      this.droppedRequests += 1;
      return null;
    }
    const request: OpenRequest = {
      id: event.request,
      path: event.path,
      lane: event.lane,
      method: event.method,
      url: event.url,
      expected: event.expected ?? [],
      conn: null,
      stream: null,
      status: null,
      contentLength: null,
      retryAfter: null,
      evidence: [],
      worstU: 0,
      last: event,
    };
    cite(request, event);
    this.requests.set(event.request, request);
    return request;
  }

  /** Puts a request on a stream. A second sending changes nothing. */
  putOnStream(request: OpenRequest, event: EventOf<"request.sent">): void {
    if (request.stream !== null) return;
    request.conn = event.conn;
    request.stream = event.stream;
    if (request.last !== event) cite(request, event);
    this.connections.get(event.conn)?.streams.set(event.stream, request);
  }

  /** The open request an event is about; `undefined` once its outcome is known. */
  requestOf(event: AboutRequest): OpenRequest | undefined {
    if (event.request !== null) return this.requests.get(event.request);
    if (event.conn === null || event.stream === undefined || event.stream === null) return undefined;
    return this.connections.get(event.conn)?.streams.get(event.stream);
  }

  /** Adds `HEADERS` to what is known of a request. */
  noteHeaders(request: OpenRequest, event: EventOf<"h2.headers.received">): void {
    request.status = event.status;
    request.contentLength = event.contentLength;
    request.retryAfter = event.retryAfter;
    cite(request, event);
  }

  /** Its outcome is known. */
  forgetRequest(request: OpenRequest): void {
    this.requests.delete(request.id);
    if (request.conn === null || request.stream === null) return;
    const streams = this.connections.get(request.conn)?.streams;
    if (streams?.get(request.stream) === request) streams.delete(request.stream);
  }

  /** Its end is final. */
  forgetConnection(conn: OpenConnection): void {
    this.connections.delete(conn.id);
  }
}
