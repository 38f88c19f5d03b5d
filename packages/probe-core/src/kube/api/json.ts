/** The value at these keys of parsed JSON; `undefined` where the way is not there. */
export function field(value: unknown, ...keys: readonly (string | number)[]): unknown {
  let at: unknown = value;
  for (const key of keys) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}

/** A list's items; none where it is no list. */
export function items(list: unknown): readonly unknown[] {
  const found = field(list, "items");
  return Array.isArray(found) ? found : [];
}

export function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
