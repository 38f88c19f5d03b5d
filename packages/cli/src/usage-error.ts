/** The caller asked for something that cannot be done. Told in one line on stderr; the exit code is 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
