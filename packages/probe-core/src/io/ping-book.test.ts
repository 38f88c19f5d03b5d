import { describe, expect, it } from "vitest";
import { PingBook } from "./ping-book.js";

describe("PingBook", () => {
  it("knows when each PING was sent and which is unanswered for longest", () => {
    const book = new PingBook(7);
    expect(book.oldestUnanswered).toBe(null);
    const first = book.send(100);
    const second = book.send(200);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).not.toBe(first);
    expect(book.oldestUnanswered).toBe(100);
    expect(book.acknowledge(first)).toBe(100);
    expect(book.oldestUnanswered).toBe(200);
    expect(book.acknowledge(first)).toBe(null);
    expect(book.acknowledge("0000000000000000")).toBe(null);
    expect(book.acknowledge(second)).toBe(200);
    expect(book.oldestUnanswered).toBe(null);
  });

  it("takes an answer to a later PING as a sign of life for the earlier ones", () => {
    const book = new PingBook(7);
    book.send(100);
    const second = book.send(200);
    expect(book.acknowledge(second)).toBe(200);
    expect(book.oldestUnanswered).toBe(null);
  });

  it("sends on its own grid, begun somewhere in the first interval", () => {
    const book = new PingBook(7);
    expect(book.nextAt).toBe(Number.POSITIVE_INFINITY);
    book.start(1_000, 100);
    const first = book.nextAt;
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(first).toBeLessThan(1_100);
    book.advance(first + 30, 100);
    expect(book.nextAt).toBe(first + 100);
    book.advance(first + 730, 100);
    expect(book.nextAt).toBe(first + 800);
  });

  it("calls a peer silent that sends nothing for the timeout, or no answer for ten of them", () => {
    const book = new PingBook(7);
    expect(book.overdueAt(50, 0)).toBe(Number.POSITIVE_INFINITY);
    book.send(100);
    expect(book.overdueAt(50, 0)).toBe(150);
    expect(book.overdueAt(50, 140)).toBe(190);
    expect(book.overdueAt(50, 1_000)).toBe(600);
  });

  it("gives two connections different data", () => {
    expect(new PingBook(1).send(0)).not.toBe(new PingBook(2).send(0));
  });
});
