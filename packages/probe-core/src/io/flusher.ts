/** Something with output waiting. */
export interface Flushable {
  flush(): void;
}

/**
 * Gathers what one turn of the event loop wants to write and writes it at the end of that turn: requests due together
 * go out in one write per connection, and a single one is not delayed.
 */
export class Flusher {
  #waiting: Flushable[] = [];

  mark(item: Flushable): void {
    if (this.#waiting.push(item) === 1) process.nextTick(this.#run);
  }

  readonly #run = (): void => {
    const items = this.#waiting;
    this.#waiting = [];
    for (const item of items) item.flush();
  };
}
