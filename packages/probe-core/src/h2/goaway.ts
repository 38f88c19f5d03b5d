import type { StreamId } from "../events/index.js";
import { printableBytes } from "../events/index.js";
import type { H2Fact } from "./contract.js";
import { readUint31, readUint32 } from "./frame.js";

/** What the GOAWAY frames of a connection say together (RFC 9113 §6.8). */
export class GoawayLedger {
  readonly #debugChars: number;
  #count = 0;
  #lastStreamId = 0x7fffffff;

  constructor(debugChars: number) {
    this.#debugChars = debugChars;
  }

  get count(): number {
    return this.#count;
  }

  /** Streams above it will not be processed; 2^31-1 before any GOAWAY. */
  get lastStreamId(): StreamId {
    return this.#lastStreamId;
  }

  /** Takes a GOAWAY in. `raised`: it takes back what an earlier one promised, which a server must not do. */
  take(payload: Uint8Array): { readonly fact: H2Fact; readonly raised: boolean } {
    const lastStreamId = readUint31(payload, 0);
    const raised = lastStreamId > this.#lastStreamId;
    this.#count += 1;
    if (!raised) this.#lastStreamId = lastStreamId;
    return {
      raised,
      fact: {
        kind: "h2.goaway.received",
        index: this.#count,
        lastStreamId,
        errorCode: readUint32(payload, 4),
        debug: printableBytes(payload.subarray(8), this.#debugChars),
        debugBytes: payload.length - 8,
      },
    };
  }
}
