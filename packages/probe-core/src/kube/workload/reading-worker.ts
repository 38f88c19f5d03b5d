import type { RequestTemplate } from "../../io/request-template.js";
import type { Worker } from "./worker.js";

/** Asks for the same few things in turn, whatever the answers. */
export class ReadingWorker implements Worker {
  readonly #templates: readonly [RequestTemplate, ...RequestTemplate[]];
  #turn: number;

  /** `first`: where it begins, so that workers do not all ask for the same at once. */
  constructor(templates: readonly [RequestTemplate, ...RequestTemplate[]], first: number) {
    this.#templates = templates;
    this.#turn = first;
  }

  next(): RequestTemplate {
    const template = this.#templates[this.#turn % this.#templates.length] ?? this.#templates[0];
    this.#turn += 1;
    // A copy: each request given is one of its own.
    return { ...template };
  }

  ended(): void {}
}
