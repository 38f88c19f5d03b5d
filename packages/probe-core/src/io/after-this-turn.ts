/** Calls back when this turn of the event loop is over, and with it everything that was already awaited in it. */
export function afterThisTurn(run: () => void): void {
  setImmediate(run);
}
