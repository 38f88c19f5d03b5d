/**
 * Code lengths of RFC 7541 Appendix B for the symbols 0 to 255 and EOS, as runs of `length x count`.
 * The code is canonical: codes of one length count upwards in symbol order, so the lengths say everything.
 */
const RUNS =
  "13 23 28x7 24 30 28x2 30 28x8 30 28x9 6 10x2 12 13 6 8 11 10x2 8 11 8 6x3 5x3 6x7 7 8 15 6 12 10 13 6 7x22 8 7 8 13 " +
  "19 13 14 6 15 5 6 5 6 5 6x3 5 7x2 6x3 5 6 7 6 5x2 6 7x5 15 11 14 13 28 20 22 20x2 22x3 23 22 23x5 24 23 24x2 22 23 " +
  "24 23x4 21 22 23 22 23x2 24 22 21 20 22x2 23x2 21 23 22x2 24 21 22 23x2 21x2 22 21 23 22 23x2 20 22x3 23 22x2 23 " +
  "26x2 20 19 22 23 22 25 26x3 27x2 26 24 25 19 21 26 27x2 26 27 24 21x2 26x2 28 27x3 20 24 20 21 22 21x2 23 22x2 " +
  "25x2 24x2 26 23 26 27 26x2 27x5 28 27x5 26 30";

const EOS = 256;

const LENGTHS: readonly number[] = RUNS.split(" ").flatMap((run) => {
  const [length, count] = run.split("x").map(Number);
  return Array<number>(count ?? 1).fill(length as number);
});

/** Symbols by `length * 2^30 + code`. */
const SYMBOLS: ReadonlyMap<number, number> = (() => {
  const symbols = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    code *= 2;
    LENGTHS.forEach((l, symbol) => {
      if (l === length) symbols.set(key(length, code++), symbol);
    });
  }
  return symbols;
})();

function key(length: number, code: number): number {
  return length * 2 ** 30 + code;
}

/** Decodes a Huffman string. Throws on EOS or on padding that is not all ones (RFC 7541 §5.2). */
export function huffmanDecode(bytes: Buffer): Buffer {
  const out: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const symbol = SYMBOLS.get(key(length, code));
      if (symbol === undefined) continue;
      if (symbol === EOS) throw new Error("huffman: EOS in a string");
      out.push(symbol);
      code = 0;
      length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new Error("huffman: bad padding");
  return Buffer.from(out);
}
