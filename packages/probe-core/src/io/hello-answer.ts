/** What came back for a ClientHello. */
export type HelloAnswer =
  | { readonly is: "server_hello"; readonly alert: null }
  | { readonly is: "alert"; readonly alert: number }
  /** No TLS that a server would answer with. */
  | { readonly is: "garbage" };

const HANDSHAKE = 22;
const ALERT = 21;
const SERVER_HELLO = 2;
/** Record header, alert level and description; for a handshake message its type suffices. */
const NEEDED = 7;

/** Reads the first bytes of the peer's first record, however they are cut. */
export class HelloAnswerReader {
  readonly #bytes = new Uint8Array(NEEDED);
  #fill = 0;

  /** The answer, as soon as it can be told; `null` before. */
  push(bytes: Uint8Array): HelloAnswer | null {
    for (const byte of bytes) {
      if (this.#fill === NEEDED) break;
      this.#bytes[this.#fill++] = byte;
    }
    const [type = 0, major = 0, , high = 0, low = 0, first = 0, second = 0] = this.#bytes;
    if (this.#fill >= 1 && type !== HANDSHAKE && type !== ALERT) return GARBAGE;
    if (this.#fill >= 2 && major !== 3) return GARBAGE;
    if (this.#fill < 6) return null;
    if (type === HANDSHAKE) return first === SERVER_HELLO ? { is: "server_hello", alert: null } : GARBAGE;
    if (high !== 0 || low !== 2) return GARBAGE;
    return this.#fill < NEEDED ? null : { is: "alert", alert: second };
  }
}

const GARBAGE: HelloAnswer = { is: "garbage" };
