import picocolors from "picocolors";
import type { CliIo, Terminal } from "../io.js";

export type Palette = ReturnType<typeof picocolors.createColors>;

/** Colours for this stream: in a terminal, unless NO_COLOR; FORCE_COLOR wins over both. */
export function paletteFor(stream: Terminal, env: CliIo["env"]): Palette {
  return picocolors.createColors(wantsColour(stream, env));
}

function wantsColour(stream: Terminal, env: CliIo["env"]): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** No colours: for tests and files. */
export const PLAIN: Palette = picocolors.createColors(false);
