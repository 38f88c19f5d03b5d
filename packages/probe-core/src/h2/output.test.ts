import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { DATA, FRAME_HEADER_BYTES } from "./frame.js";
import { Output } from "./output.js";

const frameOf = (output: Output, payload: Uint8Array, stream: number): void => {
  output.frame(payload.length, DATA, 0, stream);
  output.bytes(payload);
};
const payloadOf = (bytes: Uint8Array | null): string =>
  Buffer.from(bytes ?? [])
    .subarray(FRAME_HEADER_BYTES)
    .toString("latin1");

it("writers that fill shared room in turns do not write into each other's bytes, nor into what was taken", () => {
  const writers = Array.from({ length: 7 }, () => new Output());
  const expected: string[] = writers.map(() => "");
  const taken: { readonly bytes: Uint8Array; readonly text: string }[] = [];
  // A fixed sequence that comes by every border: frames of 0 to 6000 bytes, some taken at once, some gathered.
  let state = 1;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let step = 0; step < 5_000; step += 1) {
    const index = next(writers.length);
    const writer = writers[index] as Output;
    const letter = String.fromCharCode(97 + index);
    const payload = letter.repeat(next(50) === 0 ? next(6_000) : next(60));
    frameOf(writer, Buffer.from(payload), index);
    expected[index] += `${" ".repeat(FRAME_HEADER_BYTES)}${payload}`;
    if (next(3) > 0) continue;
    const bytes = writer.take() ?? new Uint8Array(0);
    taken.push({ bytes, text: expected[index] as string });
    expected[index] = "";
  }
  expect(taken.length).toBeGreaterThan(1_000);
  for (const { bytes, text } of taken) expect(sameBeyondHeaders(bytes, text)).toBe(true);
});

it("more bytes than a frame announced stay the writer's own", () => {
  const first = new Output();
  const second = new Output();
  first.frame(1, DATA, 0, 1);
  frameOf(second, Buffer.from("second"), 1);
  first.bytes(Buffer.from("more than one"));
  first.uint8(33);
  expect(payloadOf(second.take())).toBe("second");
  expect(payloadOf(first.take())).toBe("more than one!");
});

it("an idle writer keeps no room", () => {
  const output = new Output();
  frameOf(output, Buffer.from("x"), 1);
  expect(output.length).toBe(FRAME_HEADER_BYTES + 1);
  output.take();
  expect(output.length).toBe(0);
  expect(output.take()).toBeNull();
});

/** Spaces in `text` stand for bytes of headers. */
function sameBeyondHeaders(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== bytes[at]) return false;
  }
  return true;
}
