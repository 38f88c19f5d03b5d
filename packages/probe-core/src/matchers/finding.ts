/** What a check found. */
export interface Finding {
  readonly ok: boolean;
  /** What was wrong, in full; where nothing was, what was seen. For people. */
  readonly text: string;
}
