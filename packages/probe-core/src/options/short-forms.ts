import type { LaneOptions, PathOptions, ProbeOptions } from "../probe-options.js";
import { type Faults, isRecord, shown } from "./faults.js";

/** Name of the path that the `target` option stands for. */
const TARGET = "target";

/** The paths, where `target` may stand for one. What is wrong with a path itself is told later. */
export function pathsOf(options: ProbeOptions, faults: Faults): readonly PathOptions[] | undefined {
  const { target, paths } = options;
  if (target === undefined) return paths;
  if (paths !== undefined) faults.add("target", "beside paths: give one of the two");
  if (typeof target === "string") return [{ name: TARGET, url: target }];
  if (isRecord(target)) return [{ ...target, name: TARGET }];
  faults.add("target", `must be a URL, or an object with a url, is ${shown(target)}`);
  return undefined;
}

/** The lanes, where a list of them may stand for one object. */
export function lanesOf(lanes: ProbeOptions["lanes"], faults: Faults): LaneOptions {
  if (!isList(lanes)) return lanes;
  const merged: Record<string, unknown> = {};
  for (const [index, each] of lanes.entries()) {
    if (!isRecord(each)) {
      faults.add(`lanes[${index}]`, `must be an object such as held() gives, is ${shown(each)}`);
      continue;
    }
    for (const [name, lane] of Object.entries(each)) {
      if (name in merged) faults.add(`lanes[${index}]`, `a second ${name}: a lane runs once on each path`);
      merged[name] = lane;
    }
  }
  return merged;
}

function isList(lanes: ProbeOptions["lanes"]): lanes is readonly LaneOptions[] {
  return Array.isArray(lanes);
}
