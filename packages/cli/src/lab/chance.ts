/** Fewer than one in a hundred: so rare a thing is not taken for chance. */
const NOT_CHANCE = 0.01;

/** How probable it is that something of this chance is missing in `misses` of `runs` or in more. */
export function missesProbability(misses: number, runs: number, chance: number): number {
  // By logarithms, so that nothing overflows.
  let sum = 0;
  for (let missing = misses; missing <= runs; missing += 1) {
    sum += Math.exp(logChoose(runs, missing) + missing * Math.log(1 - chance) + (runs - missing) * Math.log(chance));
  }
  return Math.min(1, sum);
}

/** Could that be chance? */
export function isChance(misses: number, runs: number, chance: number): boolean {
  return misses === 0 || missesProbability(misses, runs, chance) >= NOT_CHANCE;
}

function logChoose(of: number, taken: number): number {
  let sum = 0;
  for (let index = 1; index <= taken; index += 1) sum += Math.log((of - taken + index) / index);
  return sum;
}
