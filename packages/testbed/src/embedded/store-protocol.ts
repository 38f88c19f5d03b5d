import type { KubeObject, StoreChange, StoreResult } from "./object-store.js";

/** What an API server asks the store; each line of the socket is one message. */
export type StoreQuestion =
  | { readonly op: "create"; readonly key: string; readonly body: Readonly<Record<string, unknown>> }
  | { readonly op: "get" | "delete"; readonly key: string }
  | { readonly op: "list"; readonly key: string; readonly everywhere: boolean };

export interface StoreRequest {
  readonly id: number;
  readonly ask: StoreQuestion;
}

export type StoreAnswer =
  | { readonly id: number; readonly result: StoreResult }
  | { readonly id: number; readonly items: readonly KubeObject[]; readonly revision: number };

/** From the store, unasked. */
export interface StoreNews {
  readonly change: StoreChange;
}

/** Puts lines together from chunks cut anywhere. */
export class LineReader {
  #rest = "";

  push(chunk: string): string[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }
}
