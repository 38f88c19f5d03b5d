/** Promises that wait for a condition to hold, without polling: whoever changes something calls `look`. */
export class Conditions {
  readonly #waiting = new Set<() => boolean>();

  when(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add(() => {
        if (!condition()) return false;
        resolve();
        return true;
      });
    });
  }

  look(): void {
    for (const check of this.#waiting) if (check()) this.#waiting.delete(check);
  }
}
