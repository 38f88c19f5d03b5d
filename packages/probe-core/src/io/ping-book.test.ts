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

  it("gives two connections different data", () => {
    expect(new PingBook(1).send(0)).not.toBe(new PingBook(2).send(0));
  });
});
