const INTERESTING = [0, 1, 2, 4, 5, 8, 9, 16, 31, 32, 63, 64, 100, 126, 127, 128, 190, 191, 192, 224, 254, 255];

/**
 * An input made of another one: some of the classic mutations, one after the other.
 *
 * @param {Uint8Array} input
 * @param {import("./chance.mjs").Chance} chance
 * @param {{ corpus: readonly Uint8Array[], words: readonly Uint8Array[], maxBytes: number }} from
 */
export function mutate(input, chance, { corpus, words, maxBytes }) {
  let bytes = Array.from(input);
  const times = 1 + chance.below(1 << chance.below(4));
  for (let i = 0; i < times; i++) {
    const at = bytes.length === 0 ? 0 : chance.below(bytes.length);
    switch (chance.below(words.length > 0 ? 11 : 9)) {
      case 0:
        if (bytes.length > 0) bytes[at] ^= 1 << chance.below(8);
        break;
      case 1:
        if (bytes.length > 0) bytes[at] = chance.pick(INTERESTING);
        break;
      case 2:
        if (bytes.length > 0) bytes[at] = chance.below(256);
        break;
      case 3:
        if (bytes.length > 0) bytes[at] = (bytes[at] + chance.below(35) - 17) & 0xff;
        break;
      case 4:
        bytes.splice(at, chance.below(8) + 1);
        break;
      case 5:
        bytes.splice(at, 0, ...Array.from({ length: chance.below(8) + 1 }, () => chance.pick(INTERESTING)));
        break;
      case 6: {
        const from = chance.below(bytes.length + 1);
        bytes.splice(at, 0, ...bytes.slice(from, from + chance.below(32)));
        break;
      }
      case 7: {
        const other = chance.pick(corpus);
        const from = chance.below(other.length + 1);
        bytes.splice(at, chance.below(16), ...other.subarray(from, from + chance.below(64)));
        break;
      }
      case 8: {
        const other = chance.pick(corpus);
        bytes = [...bytes.slice(0, at), ...other.subarray(chance.below(other.length + 1))];
        break;
      }
      default: {
        const word = chance.pick(words);
        bytes.splice(at, chance.below(2) * word.length, ...word);
      }
    }
    if (bytes.length > maxBytes) bytes.length = maxBytes;
  }
  return Uint8Array.from(bytes);
}
