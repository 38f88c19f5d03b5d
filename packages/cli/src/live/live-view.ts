import type { FoldSnapshot } from "@drainprobe/core";
import type { PlannedOptions } from "../config/planned-options.js";
import type { CliIo } from "../io.js";
import { paletteFor } from "../text/colour.js";
import { liveLines, type Rates } from "./live-lines.js";
import type { Progress } from "./progress.js";

const REDRAW_MS = 250;
/** Rates are taken over this many redraws: two seconds. */
const RATE_REDRAWS = 8;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_BELOW = "\r\x1b[J";

/** Progress for a terminal: a few lines that redraw in place, four times a second at most. */
export class LiveView implements Progress {
  readonly #io: CliIo;
  readonly #options: PlannedOptions;
  readonly #past: FoldSnapshot[] = [];
  #look: (() => FoldSnapshot) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #drawn = 0;

  constructor(io: CliIo, options: PlannedOptions) {
    this.#io = io;
    this.#options = options;
  }

  start(look: () => FoldSnapshot): void {
    this.#look = look;
    this.#io.stderr.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#draw();
  }

  /** The next redraw shows it. */
  incident(): void {}

  note(text: string): void {
    this.#erase();
    this.#io.stderr.write(`drainprobe: ${text}\n`);
  }

  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#erase();
    this.#io.stderr.write(SHOW_CURSOR);
  }

  #draw(): void {
    // A terminal that does not keep up gets the next picture, not all of them.
    if (this.#look === null || this.#io.stderr.writableNeedDrain) return;
    const now = this.#look();
    this.#past.push(now);
    if (this.#past.length > RATE_REDRAWS) this.#past.shift();
    const width = Math.max(20, (this.#io.stderr.columns ?? 80) - 1);
    const lines = liveLines(this.#options, now, this.#rates(now), width, paletteFor(this.#io.stderr, this.#io.env));
    this.#io.stderr.write(`${this.#up()}${CLEAR_BELOW}${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#io.stderr.write(`${this.#up()}${CLEAR_BELOW}`);
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
  }

  #rates(now: FoldSnapshot): Rates {
    const rates = new Map<string, number>();
    const then = this.#past[0];
    if (then === undefined || now.t <= then.t) return rates;
    const before = new Map(then.lanes.map((lane) => [`${lane.path}/${lane.lane}`, lane.sent]));
    for (const lane of now.lanes) {
      const key = `${lane.path}/${lane.lane}`;
      rates.set(key, ((lane.sent - (before.get(key) ?? 0)) * 1e9) / (now.t - then.t));
    }
    return rates;
  }
}
