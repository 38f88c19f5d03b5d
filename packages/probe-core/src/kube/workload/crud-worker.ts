import type { SourcedEnd } from "../../io/request-source.js";
import type { RequestTemplate } from "../../io/request-template.js";
import { collectionPath, createPath, objectJson, RESOURCES, type Resource } from "./kube-objects.js";
import type { KubeRequests } from "./kube-request.js";
import type { Worker } from "./worker.js";

/** Options of {@link CrudWorker}. */
export interface CrudWorkerOptions {
  readonly requests: KubeRequests;
  readonly namespace: string;
  /** For the objects' labels. */
  readonly run: string;
  /** Begins the name of every object; no other worker, path or run may use it. */
  readonly prefix: string;
  /** What is asked for between two objects, in turn. */
  readonly between: readonly [RequestTemplate, ...RequestTemplate[]];
}

type Step =
  | { readonly kind: "create"; readonly resource: Resource; readonly name: string }
  | { readonly kind: "get"; readonly resource: Resource; readonly name: string }
  | { readonly kind: "delete"; readonly resource: Resource; readonly name: string }
  | { readonly kind: "between" };

/**
 * Creates an object, gets it, deletes it, asks for something else, and begins anew with the next kind.
 *
 * Each name is used once, and an object is got and deleted only after its 201: so a 409 or 404 is never of our own making, and
 * counts as the failure it is. An object whose create or delete came to no clear end is left alone: somebody else reads it back,
 * and must find it as that request left it. What stays behind goes with the namespace.
 */
export class CrudWorker implements Worker {
  readonly #options: CrudWorkerOptions;
  #step: Step;
  #objects = 0;
  #others = 0;

  /** `first`: with which kind it begins, so that workers do not all do the same at once. */
  constructor(options: CrudWorkerOptions, first: number) {
    this.#options = options;
    this.#others = first;
    this.#step = this.#create(first);
  }

  next(): RequestTemplate {
    const step = this.#step;
    const { requests, namespace, run, between } = this.#options;
    switch (step.kind) {
      case "create":
        return requests.create(
          createPath(namespace, step.resource, step.name),
          objectJson(step.resource, step.name, run),
        );
      case "get":
        return requests.get(`${collectionPath(namespace, step.resource)}/${step.name}`);
      case "delete":
        return requests.delete(`${collectionPath(namespace, step.resource)}/${step.name}`);
      case "between": {
        // A copy: each request given is one of its own.
        const template = { ...(between[this.#others % between.length] ?? between[0]) };
        this.#others += 1;
        return template;
      }
    }
  }

  ended({ outcome, status }: SourcedEnd): void {
    const step = this.#step;
    switch (step.kind) {
      case "create":
        this.#step = outcome === "ended" && status === 201 ? { ...step, kind: "get" } : { kind: "between" };
        return;
      case "get":
        this.#step = { ...step, kind: "delete" };
        return;
      case "delete":
        this.#step = { kind: "between" };
        return;
      case "between":
        this.#step = this.#create(this.#others);
        return;
    }
  }

  #create(turn: number): Step {
    const resource = RESOURCES[turn % RESOURCES.length] ?? RESOURCES[0];
    const name = `${this.#options.prefix}-${this.#objects.toString(36)}`;
    this.#objects += 1;
    return { kind: "create", resource, name };
  }
}
