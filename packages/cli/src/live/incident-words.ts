import type { Incident } from "@drainprobe/core";
import { plural } from "../text/format.js";
import { printable } from "../text/printable.js";
import { describeEnd } from "../text/words.js";

/** One incident in one line: `connection reset (RST), without GOAWAY: held 10.0.0.6:52950 -> 10.0.0.2:6443; 5 requests lost`. */
export function incidentWords({
  type,
  close,
  lane,
  path,
  local,
  remote,
  requestsFailed,
  unsafeToRetry,
}: Incident): string {
  const ends = remote === null ? `path ${path}` : `${local ?? "?"} -> ${remote} (${path})`;
  // What waited for a connection that never came is given up only after it: its number is the report's to tell.
  const none = close === null ? "" : "; no request lost";
  const lost = requestsFailed === 0 ? none : `; ${plural(requestsFailed, "request")} lost`;
  const unsafe = unsafeToRetry === 0 ? "" : `, ${unsafeToRetry} unsafe to retry`;
  return `${describeEnd(type, close)}: ${printable(lane)} ${printable(ends)}${lost}${unsafe}`;
}
