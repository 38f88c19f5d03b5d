import type { RequestSource, SourcedEnd } from "../../io/request-source.js";
import type { RequestTemplate } from "../../io/request-template.js";
import type { Worker } from "./worker.js";

/**
 * Workers that share the pace of one lane: whoever has waited longest gives the next request. With every worker waiting for an
 * answer there is none, as in a client whose threads are all busy.
 */
export class WorkerPool implements RequestSource {
  readonly #free: Worker[];
  readonly #busy = new Map<RequestTemplate, Worker>();

  constructor(workers: readonly Worker[]) {
    this.#free = [...workers];
  }

  get ready(): boolean {
    return this.#free.length > 0;
  }

  next(): RequestTemplate {
    const worker = this.#free.shift();
    if (worker === undefined) throw new TypeError("no worker is free: ask ready first");
    const template = worker.next();
    this.#busy.set(template, worker);
    return template;
  }

  ended(template: RequestTemplate, end: SourcedEnd): void {
    const worker = this.#busy.get(template);
    if (worker === undefined) return;
    this.#busy.delete(template);
    worker.ended(end);
    this.#free.push(worker);
  }
}
