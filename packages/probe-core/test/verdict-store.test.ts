import { expect, it } from "vitest";
import { VerdictStore } from "../src/sinks/verdict-store.js";

const line = (index: number) =>
  JSON.stringify({ kind: "verdict", conn: index, path: "größer", evidence: [index, index + 7] });

it.each([0, 1, 5_000])("gives %i lines back as they came, whether packed yet or not", async (count) => {
  const store = new VerdictStore();
  const lines = Array.from({ length: count }, (_, index) => line(index));
  for (const each of lines) store.push(each);
  expect([...store.blocks()].flatMap((block) => block.split("\n"))).toEqual(lines);
  const unpacked = store.packedBytes;
  await expect.poll(() => count < 5_000 || store.packedBytes < unpacked / 4).toBe(true);
  expect([...store.blocks()].flatMap((block) => block.split("\n"))).toEqual(lines);
});
