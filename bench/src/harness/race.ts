import type { Contender, Sample } from "./sample.js";

/** A contender with all its repetitions. */
export interface Raced {
  readonly contender: Contender;
  readonly samples: readonly Sample[];
}

/**
 * Lets contenders run in turn, A B C A B C, so that whatever else the machine does in the meantime meets all of them alike. A contender that
 * fails is left out from then on, with its reason told.
 */
export async function race(
  contenders: readonly Contender[],
  repetitions: number,
  tell: (line: string) => void,
): Promise<Raced[]> {
  try {
    return await rounds(contenders, repetitions, tell);
  } finally {
    for (const contender of contenders) await contender.end?.();
  }
}

async function rounds(
  contenders: readonly Contender[],
  repetitions: number,
  tell: (line: string) => void,
): Promise<Raced[]> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < repetitions; round += 1) {
    for (const [contender, got] of samples) {
      try {
        got.push(await contender.run());
      } catch (error) {
        samples.delete(contender);
        tell(`left out: ${contender.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    tell(`round ${round + 1} of ${repetitions}`);
  }
  return [...samples].map(([contender, got]) => ({ contender, samples: got }));
}
