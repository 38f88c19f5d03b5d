import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Conversation,
  concat,
  data,
  frame,
  goaway,
  headers,
  ok,
  PREFACE_BYTES,
  parseFrames,
  rstStream,
  settings,
  windowUpdate,
} from "../../test/h2-frames.js";
import { LIMITS } from "../limits.js";
import type { H2Fact } from "./contract.js";
import { H2Observer } from "./observer.js";

const stream = fc.constantFrom(0, 1, 1, 1, 3, 3, 5, 2, 7, 99);
const flags = fc.constantFrom(0, 0, 1, 4, 5, 8, 13, 32, 255);

/** A frame as a server might send it, more often right than wrong. */
const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(stream, fc.constantFrom(0, 1)).map(([id, end]) => ok(id, end)) },
  {
    weight: 4,
    arbitrary: fc.tuple(stream, fc.nat(300), fc.constantFrom(0, 1)).map(([id, size, end]) => data(id, size, end)),
  },
  fc.tuple(stream, fc.string({ maxLength: 20 })).map(([id, value]) =>
    headers(id, [
      [":status", "503"],
      ["retry-after", value.replace(/[^ -~]/g, "?")],
    ]),
  ),
  fc.tuple(stream, fc.nat(14)).map(([id, code]) => rstStream(id, code)),
  fc.tuple(stream, fc.nat(14), fc.string({ maxLength: 30 })).map(([id, code, debug]) => goaway(id, code, debug)),
  fc.tuple(stream, fc.nat(100_000)).map(([id, by]) => windowUpdate(id, by)),
  fc
    .dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.nat(70_000), { maxKeys: 3 })
    .map((values) => settings(values)),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((opaque) => frame(6, 0, 0, opaque)),
  fc.tuple(stream, flags, fc.uint8Array({ maxLength: 40 })).map(([id, bits, payload]) => frame(1, bits, id, payload)),
  fc.tuple(stream, flags, fc.uint8Array({ maxLength: 40 })).map(([id, bits, payload]) => frame(9, bits, id, payload)),
  fc
    .tuple(fc.nat(12), flags, stream, fc.uint8Array({ maxLength: 40 }))
    .map(([type, bits, id, payload]) => frame(type, bits, id, payload)),
);

/** Cuts bytes into pieces; empty ones too. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number);
    pieces.push(bytes.slice(at, at + size));
    at += size;
    if (size === 0 && sizes.every((other) => other === 0)) break;
  }
  pieces.push(bytes.slice(at));
  return pieces;
}

function conversation(): Conversation {
  const begun = Conversation.begun();
  begun.ask();
  begun.ask("HEAD");
  begun.ask("POST", new Uint8Array(70_000));
  begun.written();
  return begun;
}

/** What a list of facts may look like, whatever the peer does. */
function expectCoherent(facts: readonly H2Fact[]): void {
  const ended = new Set<number>();
  const headed = new Set<number>();
  facts.forEach((fact, i) => {
    if (fact.kind === "h2.headers.received") {
      expect(headed.has(fact.stream)).toBe(false);
      headed.add(fact.stream);
    }
    if (fact.kind === "h2.data.received") expect(headed.has(fact.stream) && !ended.has(fact.stream)).toBe(true);
    if (fact.kind === "h2.stream.ended") {
      expect(headed.has(fact.stream) && !ended.has(fact.stream)).toBe(true);
      ended.add(fact.stream);
    }
    if (fact.kind === "h2.protocol.error") {
      expect(fact.rule).toMatch(/^RFC (9113|7541) §[0-9.]+$/);
      if (fact.stream === null)
        expect(facts.slice(i + 1)).toEqual([{ kind: "h2.goaway.sent", errorCode: fact.errorCode }]);
    }
  });
}

describe("any bytes of a server", () => {
  it("give the same facts and the same answers however they are cut", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 25 }), fc.array(fc.nat(40), { maxLength: 6 }), (frames, sizes) => {
        const bytes = concat(frames);
        const whole = conversation();
        whole.server(bytes);
        const pieces = conversation();
        pieces.server(...cut(bytes, sizes));
        expect(pieces.facts).toEqual(whole.facts);
        expect(pieces.written()).toEqual(whole.written());
        expect([pieces.client.openStreams, pieces.client.capacity]).toEqual([
          whole.client.openStreams,
          whole.client.capacity,
        ]);
        expectCoherent(whole.facts);
      }),
      { numRuns: 800 },
    );
  });

  it("never make it throw: garbage ends in an error of the connection or waits for more", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), fc.boolean(), (pieces, begun) => {
        const talk = begun ? conversation() : new Conversation();
        talk.server(...pieces);
        expectCoherent(talk.facts);
        const failed = talk.facts.some((fact) => fact.kind === "h2.protocol.error" && fact.stream === null);
        expect(talk.client.failed).toBe(failed);
        const written = talk.client.takeOutput();
        if (written !== null) parseFrames(written);
      }),
      { numRuns: 800 },
    );
  });

  it("with one byte changed never make it throw, and the facts before that byte stay", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (frames, place, by) => {
          const bytes = concat(frames);
          const at = place % bytes.length;
          const changed = bytes.slice();
          changed[at] = (changed[at] as number) ^ by;
          const right = conversation();
          right.server(bytes.slice(0, at));
          const wrong = conversation();
          wrong.server(changed);
          expect(wrong.facts.slice(0, right.facts.length)).toEqual(right.facts);
          expectCoherent(wrong.facts);
        },
      ),
      { numRuns: 800 },
    );
  });
});

describe("an observer that only watches", () => {
  it("sees in the bytes what the client saw, its own acts left out", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 25 }), (frames) => {
        const talk = Conversation.begun();
        const observer = new H2Observer({ limits: LIMITS });
        observer.receive(settings(), []);
        for (const [request, method] of [
          [1, "GET"],
          [2, "HEAD"],
          [3, "GET"],
        ] as const) {
          observer.opened(talk.ask(method), request, method);
        }
        const seen: H2Fact[] = [];
        for (const bytes of frames) {
          talk.server(bytes);
          observer.receive(bytes, seen);
        }
        // Windows are the speaker's own; a watcher cannot know them.
        const windows = (fact: H2Fact): boolean => fact.kind === "h2.protocol.error" && /§6\.9\.[12]/.test(fact.rule);
        const until = talk.facts.findIndex(windows);
        const said = talk.facts.slice(1, until < 0 ? undefined : until).filter((fact) => !fact.kind.endsWith(".sent"));
        expect(until < 0 ? seen : seen.slice(0, said.length)).toEqual(said);
      }),
      { numRuns: 800 },
    );
  });
});

describe("what a client writes", () => {
  it("is always whole frames after one preface", () => {
    const talk = new Conversation();
    expect(talk.opening.length).toBeGreaterThan(PREFACE_BYTES);
    expect(parseFrames(talk.opening.subarray(PREFACE_BYTES)).length).toBe(2);
  });
});
