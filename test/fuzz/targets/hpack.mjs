// The HPACK decoder: one connection's blocks, one after the other. Input: blocks, each behind two bytes of its length.
import { HpackDecoder } from "../../../packages/probe-core/dist/h2/hpack/decoder.js";

const TABLE = 4096;
const LIST = 64 * 1024;

export const maxBytes = 1_500;
export const words = [
  [0x82],
  [0x40, 1, 0x61, 1, 0x62],
  [0xbe],
  [0x3f, 0xe1, 0x1f],
  [0x20],
  [0x88],
  [0x7f, 0x80, 0x01],
  [0x83, 0xa8, 0xeb, 0x10],
].map((w) => Uint8Array.from(w));
export const seeds = [
  Uint8Array.from([0, 3, 0x82, 0x86, 0x84]),
  Uint8Array.from([
    0, 20, 0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff, 0xbe,
    0xbf, 0x88,
  ]),
];

export function fuzz(data) {
  const decoder = new HpackDecoder({ maxHeaderListBytes: LIST });
  for (let at = 0; at + 2 <= data.length; ) {
    const length = (data[at] << 8) | data[at + 1];
    const block = data.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    let bytes = 0;
    const fault = decoder.decode(block, {
      field({ name, value }) {
        bytes += name.length + value.length + 32;
      },
    });
    if (decoder.tableBytes > TABLE) throw new Error(`the table holds ${decoder.tableBytes} bytes`);
    if (bytes > LIST) throw new Error(`${bytes} bytes of fields were passed on`);
    if (fault !== null) return;
  }
}
