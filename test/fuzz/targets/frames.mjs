// The frame codec, by itself: the same frames however the bytes are cut. Input: a cut, then bytes of a server.
import { FrameDecoder } from "../../../packages/probe-core/dist/h2/frame-decoder.js";

export const maxBytes = 1_000;
export const words = [
  [0, 0, 0, 4, 0, 0, 0, 0, 0],
  [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
  [0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88],
  [0, 0, 3, 0, 9, 0, 0, 0, 1, 1, 65, 0],
  [0, 0, 2, 0, 0, 0, 0, 0, 1, 65, 66],
].map((word) => Uint8Array.from(word));
export const seeds = words.map((word) => Uint8Array.from([3, ...word]));

export function fuzz(data) {
  const cut = 1 + (data[0] ?? 0);
  const bytes = data.subarray(1);
  const whole = decode(bytes, bytes.length + 1);
  const pieces = decode(bytes, cut);
  if (whole !== pieces) throw new Error(`cut by ${cut}: ${pieces}\nin one piece: ${whole}`);
}

function decode(bytes, cut) {
  let heard = "";
  let content = 0;
  const decoder = new FrameDecoder({
    frameStarted: (type, flags, stream, length) => {
      heard += `s${type},${flags},${stream},${length};`;
      return length <= 16_384;
    },
    frame: (type, flags, stream, payload) => {
      heard += `f${type},${flags},${stream},${payload.length},${payload[0]},${payload[payload.length - 1]};`;
      return true;
    },
    dataPaddingWrong: () => {
      heard += "p;";
    },
    dataStarted: (flags, stream, length, size) => {
      if (size > length) throw new Error("more content than payload");
      content = size;
      heard += `d${flags},${stream},${length},${size};`;
      return true;
    },
    dataContent: (chunk, from, to) => {
      content -= to - from;
      if (content < 0 || to > chunk.length || from >= to) throw new Error("content beyond its frame");
      for (let i = from; i < to; i++) heard += `${chunk[i]} `;
    },
    dataEnded: (end, stream) => {
      if (content !== 0) throw new Error("content is missing");
      heard += `e${end},${stream};`;
      return true;
    },
  });
  for (let at = 0; at < bytes.length; at += cut) decoder.push(bytes.subarray(at, at + cut));
  return heard;
}
