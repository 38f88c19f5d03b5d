import fc from "fast-check";
import { EVENT_FIELDS, type FieldType } from "../src/events/event-fields.js";
import type { EventKind, Fact } from "../src/events/index.js";

const number = fc.oneof(
  fc.nat({ max: 100 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, -0, 9, 10, 999_999_999, 1_000_000_000, 2 ** 31, Number.MAX_SAFE_INTEGER, -1, 0.5),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("vip", '"', "\\", "\u2028", "\ud800"),
);

const VALUES: { readonly [T in FieldType]: fc.Arbitrary<unknown> } = {
  number,
  string: text,
  boolean: fc.boolean(),
  "number|null": fc.option(number),
  "string|null": fc.option(text),
  "string[]": fc.array(text, { maxLength: 3 }),
  numbers: fc.dictionary(text, number, { maxKeys: 3, noNullPrototype: true }),
  "number[]?": fc.option(fc.array(number, { maxLength: 3 }), { nil: undefined }),
};

/** A fact of that kind with every field that the registry knows, filled with whatever its type allows. A field that may be missing may be. */
export function arbitraryFact(kind: EventKind): fc.Arbitrary<Fact> {
  const fields = Object.entries<FieldType>(EVENT_FIELDS[kind]).map(([name, type]) => [name, VALUES[type]] as const);
  return fc
    .record(Object.fromEntries(fields))
    .map((values) => ({ kind, ...values }))
    .map(
      (fact) => Object.fromEntries(Object.entries(fact).filter(([, value]) => value !== undefined)) as unknown as Fact,
    );
}
