import type { ResponseTap } from "../h2/stream.js";
import { LIMITS } from "../limits.js";
import type { BackendClaim, IdentityQuestion } from "./contract.js";

/** Collects the response to an identity question. What it holds is read once and never recorded. */
export class IdentityReader implements ResponseTap {
  readonly #question: IdentityQuestion;
  readonly #fields = new Map<string, string>();
  #content: Uint8Array[] = [];
  #bytes = 0;

  constructor(question: IdentityQuestion) {
    this.#question = question;
  }

  field(name: string, value: string): void {
    this.#fields.set(name, value);
  }

  content(bytes: Uint8Array): void {
    this.#bytes += bytes.byteLength;
    if (this.#bytes <= LIMITS.identityBytes) this.#content.push(bytes.slice());
  }

  /** What the whole response says; nothing where it was larger than it may be. */
  claims(status: number): readonly BackendClaim[] {
    const whole = status === 200 && this.#bytes <= LIMITS.identityBytes;
    const content = whole ? Buffer.concat(this.#content).toString("utf8") : "";
    this.#content = [];
    return this.#question.read({ fields: this.#fields, content });
  }
}
