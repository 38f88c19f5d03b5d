// The follower of TLS record borders: the same however the bytes are cut. Input: a cut, then ciphertext.
import { TlsRecordTap } from "../../../packages/probe-core/dist/io/tls-record-tap.js";

export const maxBytes = 600;
export const words = [
  [23, 3, 3, 0, 4, 1, 2, 3, 4],
  [22, 3, 1, 0, 0],
  [21, 3, 3, 0, 2, 1, 0],
  [24, 3, 3, 255, 255],
].map((w) => Uint8Array.from(w));
export const seeds = words.map((word) => Uint8Array.from([2, ...word, ...word]));

export function fuzz(data) {
  const bytes = data.subarray(1);
  const whole = follow(bytes, bytes.length + 1);
  const pieces = follow(bytes, 1 + (data[0] ?? 0));
  if (whole !== pieces) throw new Error(`${pieces} in pieces, ${whole} in one`);
}

function follow(bytes, cut) {
  const tap = new TlsRecordTap();
  for (let at = 0; at < bytes.length; at += cut) tap.push(bytes.subarray(at, at + cut));
  const partial = tap.partial();
  if (partial?.expectedBytes != null && partial.receivedBytes >= partial.expectedBytes)
    throw new Error("a whole record is called partial");
  return JSON.stringify([tap.lastType, partial]);
}
