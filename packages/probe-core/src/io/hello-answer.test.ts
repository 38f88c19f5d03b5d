import { describe, expect, it } from "vitest";
import { type HelloAnswer, HelloAnswerReader } from "./hello-answer.js";

const SERVER_HELLO = [22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3];

/** The answer to bytes that come in pieces of this size, and after how many bytes it was known. */
function read(bytes: readonly number[], piece: number): { answer: HelloAnswer | null; after: number } {
  const reader = new HelloAnswerReader();
  for (let at = 0; at < bytes.length; at += piece) {
    const answer = reader.push(Uint8Array.from(bytes.slice(at, at + piece)));
    if (answer !== null) return { answer, after: Math.min(at + piece, bytes.length) };
  }
  return { answer: null, after: bytes.length };
}

describe("HelloAnswerReader", () => {
  it.each<[string, number[], HelloAnswer | null]>([
    ["a ServerHello", SERVER_HELLO, { is: "server_hello", alert: null }],
    ["an alert", [21, 3, 3, 0, 2, 2, 70], { is: "alert", alert: 70 }],
    ["HTTP in clear", [...Buffer.from("HTTP/1.1 400 Bad Request\r\n")], { is: "garbage" }],
    ["a record of another protocol version", [22, 2, 0, 0, 4, 2, 0, 0], { is: "garbage" }],
    ["a handshake message that no server begins with", [22, 3, 3, 0, 122, 11, 0, 0], { is: "garbage" }],
    ["an alert of a wrong size", [21, 3, 3, 0, 3, 2, 70, 0], { is: "garbage" }],
    ["less than can be told", SERVER_HELLO.slice(0, 5), null],
    ["an alert without its description", [21, 3, 3, 0, 2, 2], null],
  ])("reads %s, however it is cut", (_what, bytes, expected) => {
    for (const piece of [1, 2, 3, 5, bytes.length]) expect(read(bytes, piece).answer).toEqual(expected);
  });

  it("answers with the byte that decides", () => {
    expect(read(SERVER_HELLO, 1).after).toBe(6);
    expect(read([21, 3, 3, 0, 2, 2, 70], 1).after).toBe(7);
  });
});
