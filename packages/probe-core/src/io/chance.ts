/** A number from 0 up to 1, of no particular seed: for jitter alone, which nobody plays again. */
export const chance = (): number => Math.random();
