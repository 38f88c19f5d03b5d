/** A request, whichever HTTP it came by. */
export interface ApiRequest {
  readonly protocol: "h2" | "h1";
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly userAgent: string;
  readonly authorization: string;
  readonly body: string;
  readonly who: Who;
}

/** Who asks: nobody known, somebody whose rights have to be looked up, or `system:masters`, who may do anything at any time. */
export type Who = "anonymous" | "known" | "masters";

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterSeconds?: number;
}

/** Where the answer to one request goes. */
export interface Responder {
  answer(answer: Answer): void;
  /** The head of an answer that goes on until {@link end}. */
  begin(): void;
  write(text: string): void;
  /** The end of it, in order: END_STREAM, or the last chunk. */
  end(): void;
  /** The connection ends with this answer: GOAWAY before it, or `Connection: close` in it. */
  lastOfItsConnection(): void;
  /** Called when the client has gone, or has reset the stream, before the end of the answer. */
  onGone(listener: () => void): void;
}

export type Handler = (request: ApiRequest, responder: Responder) => void;

export function json(status: number, value: unknown): Answer {
  return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}

export function text(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

/** A Kubernetes `Status`. */
export function statusAnswer(status: number, reason: string, message: string): Answer {
  return json(status, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: status < 400 ? "Success" : "Failure",
    message,
    reason,
    code: status,
  });
}
