/** A header field as the tables hold it. Characters are bytes (`\x00` to `\xff`). */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** RFC 7541 §4.1: length of name and value plus 32. */
  readonly size: number;
  /** A reader's note on the field, so that a field that stands in a table is judged once. 0: not looked at yet. */
  note: number;
}

export function headerField(name: string, value: string): HeaderField {
  return { name, value, size: name.length + value.length + 32, note: 0 };
}
