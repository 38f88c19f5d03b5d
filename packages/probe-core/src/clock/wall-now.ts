/** Milliseconds of the wall clock, for what other parties date: certificates and tokens. Never for a record's time. */
export function wallNowMs(): number {
  return Date.now();
}
