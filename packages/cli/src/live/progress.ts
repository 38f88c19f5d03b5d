import type { FoldSnapshot, Incident } from "@drainprobe/core";

/** What a run shows of itself on stderr while it lasts. */
export interface Progress {
  /** Called once, when the probe runs. `look` gives the state so far. */
  start(look: () => FoldSnapshot): void;
  incident(incident: Incident): void;
  /** A message that stays readable. */
  note(text: string): void;
  /** Ends it and leaves the terminal as it was. Calling it again does nothing. */
  stop(): void;
}
