import { EOS, HUFFMAN_CODES, HUFFMAN_LENGTHS } from "./huffman-code.js";

/**
 * A machine that eats four bits at a time (no code is shorter than five, so a step yields at most one symbol).
 * A cell is `next state << 10 | EMITS? | symbol`; state 0 is the root.
 */
const EMITS = 0x200;
const SYMBOL = 0x1ff;
const FAILED = 0xffffffff;

interface Machine {
  readonly cells: Uint32Array;
  /** 1 where the text may end: the bits since the last symbol are at most seven ones (RFC 7541 §5.2). */
  readonly accepting: Uint8Array;
}

const MACHINE = buildMachine();

/** Upper bound of the decoded length. */
export function huffmanDecodedBound(encodedLength: number): number {
  return Math.floor((encodedLength * 8) / 5);
}

/** Decodes `bytes[from, to)` into `out`; returns the decoded length, or -1 for EOS or wrong padding (RFC 7541 §5.2). */
export function huffmanDecode(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  const { cells, accepting } = MACHINE;
  let state = 0;
  let length = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    let cell = cells[(state << 4) | (byte >> 4)] as number;
    if (cell === FAILED) return -1;
    if ((cell & EMITS) !== 0) out[length++] = cell & 0xff;
    cell = cells[((cell >>> 10) << 4) | (byte & 0xf)] as number;
    if (cell === FAILED) return -1;
    if ((cell & EMITS) !== 0) out[length++] = cell & 0xff;
    state = cell >>> 10;
  }
  return accepting[state] === 1 ? length : -1;
}

/** Bytes that `text` (characters are bytes) takes in Huffman code. */
export function huffmanEncodedLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_LENGTHS[text.charCodeAt(i)] as number;
  return (bits + 7) >> 3;
}

/** Appends `text` (characters are bytes) in Huffman code, padded with the first bits of EOS. */
export function huffmanEncode(text: string, out: number[]): void {
  let bits = 0; // fewer than 8 of them are pending between symbols
  let pending = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    // A code has up to 30 bits and 7 may be pending: too many for 32-bit operators, so long codes go in two parts.
    let rest = HUFFMAN_LENGTHS[symbol] as number;
    const code = HUFFMAN_CODES[symbol] as number;
    while (rest > 0) {
      const take = Math.min(rest, 16);
      rest -= take;
      pending = (pending << take) | ((code >>> rest) & ((1 << take) - 1));
      bits += take;
      while (bits >= 8) {
        bits -= 8;
        out.push((pending >>> bits) & 0xff);
      }
      pending &= (1 << bits) - 1;
    }
  }
  if (bits > 0) out.push(((pending << (8 - bits)) | ((1 << (8 - bits)) - 1)) & 0xff);
}

/** Inner nodes of the code's tree become the states; each is walked with each of the 16 half bytes. */
function buildMachine(): Machine {
  const children: [number, number][] = [[-1, -1]]; // >= 0: inner node; <= -2: leaf of symbol -2 - child
  const onesFromRoot: number[] = [0]; // -1: the path holds a zero
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const length = HUFFMAN_LENGTHS[symbol] as number;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const side = ((HUFFMAN_CODES[symbol] as number) >>> bit) & 1;
      const pair = children[node] as [number, number];
      if (bit === 0) {
        pair[side] = -2 - symbol;
      } else {
        if (pair[side] === -1) {
          const ones = onesFromRoot[node] as number;
          pair[side] = children.push([-1, -1]) - 1;
          onesFromRoot.push(side === 1 && ones >= 0 ? ones + 1 : -1);
        }
        node = pair[side] as number;
      }
    }
  }
  const cells = new Uint32Array(children.length * 16);
  for (let state = 0; state < children.length; state++) {
    for (let half = 0; half < 16; half++) cells[(state << 4) | half] = walk(children, state, half);
  }
  return { cells, accepting: Uint8Array.from(onesFromRoot, (ones) => (ones >= 0 && ones <= 7 ? 1 : 0)) };
}

function walk(children: readonly [number, number][], from: number, half: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = (children[node] as [number, number])[((half >> bit) & 1) as 0 | 1];
    if (child >= 0) {
      node = child;
    } else {
      const symbol = -2 - child;
      if (symbol === EOS) return FAILED;
      emitted = EMITS | (symbol & SYMBOL);
      node = 0;
    }
  }
  return ((node << 10) | emitted) >>> 0;
}
