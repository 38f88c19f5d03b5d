import type { ServerConnection, ServerRequest } from "../server/server-connection.js";

/**
 * What a fault wants to hear of its connection. Each `on…` may return `true`: "dealt with", and the server then does not
 * do what a healthy one would.
 */
export interface Hooks {
  /** Bytes below TLS, as they come: the way to fail inside the handshake. */
  onCiphertext?(bytes: Buffer): boolean;
  /** TLS is up (at once in cleartext). `true`: no SETTINGS are sent. */
  onSecure?(): boolean;
  /** The client's SETTINGS. `true`: they get no ACK. */
  onSettings?(): boolean;
  /** The client's SETTINGS ACK: it has read our first frame. */
  onSettingsAck?(): void;
  /** A PING of the client. `true`: it gets no answer. */
  onPing?(opaque: Buffer): boolean;
  /** The client's answer to a PING of ours. */
  onPingAck?(): void;
  /** A whole request. `true`: it gets no answer but the fault's. */
  onRequest?(request: ServerRequest): boolean;
}

/** One way to fail. A fault acts on what its connection shows it, never on the clock alone. */
export interface Fault {
  /** kebab-case. */
  readonly name: string;
  /** Called once for each connection it is to befall. `fired` is called when the fault is done to it. */
  arm(connection: ServerConnection, fired: () => void): Hooks;
}
