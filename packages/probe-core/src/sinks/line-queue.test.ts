import fc from "fast-check";
import { expect, test } from "vitest";
import { LineQueue } from "./line-queue.js";

/** Sizes around everything that is decided by size: a slab of 256 KiB, and the room that one must have left. */
const size = fc.constantFrom(10, 3_000, 5_000, 60_000, 120_000, 262_000, 263_000, 600_000);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant("record" as const), size }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("lines" as const), size }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("write" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("write" as const), share: fc.constant(1) }) },
);

test("gives the bytes of all lines in order, however they are taken and whatever memory is used again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new LineQueue(1_000_000);
      let seq = 0;
      let waiting = 0;
      const expected: string[] = [];
      const written: string[] = [];
      const write = (share: number): void => {
        const chunk = queue.first();
        if (chunk === null) return;
        const count = Math.ceil(chunk.length * share);
        written.push(Buffer.from(chunk.subarray(0, count)).toString("latin1"));
        queue.took(count);
        waiting -= count;
      };
      for (const each of steps) {
        if (each.does === "write") {
          write(each.share);
          continue;
        }
        seq += 1;
        const record = { seq, text: String.fromCharCode(97 + (seq % 26)).repeat(each.size) };
        const line = `${JSON.stringify(record)}\n`;
        if (each.does === "record") queue.push(record);
        else queue.pushLines(line.slice(0, -1));
        expected.push(line);
        waiting += line.length;
        expect([queue.bytes, queue.full, queue.empty]).toEqual([waiting, waiting >= 1_000_000, false]);
      }
      while (!queue.empty) write(1);
      expect(queue.first()).toBeNull();
      expect(written.join("") === expected.join("")).toBe(true);
    }),
  );
});
