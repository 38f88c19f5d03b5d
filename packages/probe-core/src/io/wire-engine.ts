import type { RequestId, StreamId } from "../events/index.js";
import { H2Client } from "../h2/client.js";
import type { H2Fact } from "../h2/contract.js";
import type { ResponseTap } from "../h2/stream.js";
import { LIMITS } from "../limits.js";
import type { WitnessedConnection } from "./contract.js";
import type { Engine } from "./engine.js";
import type { PreparedHead } from "./request-template.js";

/** Our own HTTP/2 client on the connection's plaintext: what it writes and reads is all there is. */
export class WireEngine implements Engine {
  readonly #connection: WitnessedConnection;
  readonly #client = new H2Client({ limits: LIMITS });

  constructor(connection: WitnessedConnection) {
    this.#connection = connection;
  }

  get capacity(): number {
    return this.#client.capacity;
  }

  get ready(): boolean {
    return this.#client.ready;
  }

  get draining(): boolean {
    return this.#client.draining;
  }

  get failed(): boolean {
    return this.#client.failed;
  }

  receive(bytes: Uint8Array, facts: H2Fact[]): void {
    this.#client.receive(bytes, facts);
  }

  request(request: RequestId, head: PreparedHead, body: Uint8Array | null, tap: ResponseTap | null): StreamId {
    return this.#client.request(request, head.encoded, body, tap);
  }

  reset(stream: StreamId, errorCode: number, facts: H2Fact[]): void {
    this.#client.reset(stream, errorCode, facts);
  }

  ping(opaque: string): void {
    this.#client.ping(opaque);
  }

  goaway(errorCode: number, facts: H2Fact[]): void {
    this.#client.goaway(errorCode, facts);
  }

  flush(): void {
    const output = this.#client.takeOutput();
    if (output !== null) this.#connection.write(output);
  }

  dispose(): void {}
}
