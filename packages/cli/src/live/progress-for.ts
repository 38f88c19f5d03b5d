import type { PlannedOptions } from "../config/planned-options.js";
import type { CliIo } from "../io.js";
import { LiveView } from "./live-view.js";
import { PlainProgress } from "./plain-progress.js";
import type { Progress } from "./progress.js";

const SILENT: Progress = { start() {}, incident() {}, note() {}, stop() {} };

/** In a terminal a view that redraws itself, else lines; with `--quiet` nothing. */
export function progressFor(io: CliIo, options: PlannedOptions, quiet: boolean): Progress {
  if (quiet) return SILENT;
  return io.stderr.isTTY === true && io.env.TERM !== "dumb"
    ? new LiveView(io, options)
    : new PlainProgress(io, options);
}
