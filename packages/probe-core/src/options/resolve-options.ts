import { hostname } from "node:os";
import { NANOS_PER_MS, type Nanos } from "../events/index.js";
import type { RequestTemplates } from "../io/lanes/lane.js";
import type { RequestTemplate } from "../io/request-template.js";
import type { Timing } from "../io/run-context.js";
import type { LaneOptions, PathOptions, ProbeOptions } from "../probe-options.js";
import { checkCaps } from "./caps.js";
import { Faults, isRecord, shown } from "./faults.js";
import { checkLanes } from "./lanes.js";
import { type ResolvedPath, resolvePaths } from "./paths.js";
import { getTemplate, requestTemplate } from "./requests.js";
import { lanesOf, pathsOf } from "./short-forms.js";
import { checkThresholds } from "./thresholds.js";

/** A path with everything its lanes ask for. */
export interface PathPlan extends ResolvedPath {
  readonly requests: RequestTemplates;
  /** What fresh.h2 asks for. */
  readonly freshRequests: RequestTemplates;
  readonly watch: RequestTemplates | null;
  readonly slow: RequestTemplates | null;
  readonly slowSpacingNs: Nanos | null;
}

/** {@link ProbeOptions} checked, with defaults, in the units used inside. */
export interface ResolvedOptions {
  readonly paths: readonly PathPlan[];
  /** The paths as they were given. */
  readonly given: readonly PathOptions[];
  readonly lanes: LaneOptions;
  readonly engine: "wire" | "node";
  readonly timing: Timing;
  readonly durationNs: Nanos | null;
  readonly maxConnections: number;
  /** For sessions that are opened anew. */
  readonly reopensPerSecond: number;
  readonly node: string;
}

const KNOWN: Readonly<Record<keyof ProbeOptions, true>> = {
  target: true,
  paths: true,
  lanes: true,
  requests: true,
  engine: true,
  requestTimeoutMs: true,
  pingIntervalMs: true,
  pingTimeoutMs: true,
  connectTimeoutMs: true,
  drainTimeoutMs: true,
  durationMs: true,
  thresholds: true,
  node: true,
  log: true,
  overwriteLog: true,
  maxLogBytes: true,
  caps: true,
  signal: true,
  beforeFooter: true,
  onVerdict: true,
  selfTest: true,
  onIncident: true,
  sinks: true,
};

/** Below a few megabytes a part of the log would be a moment. */
const MAX_LOG_BYTES = { min: 1024 * 1024, max: Number.MAX_SAFE_INTEGER, integer: true } as const;
const DAY_MS = 86_400_000;

/** Checks all options. Throws `OPTIONS_INVALID` with one line for each fault, or `CREDENTIALS_UNREADABLE`. */
export function resolveOptions(options: ProbeOptions): ResolvedOptions {
  const faults = new Faults();
  if (!isRecord(options)) {
    faults.add("", `options must be an object, is ${shown(options)}`);
    faults.throwIfAny();
  }
  faults.keys("", options, Object.keys(KNOWN));
  const given = pathsOf(options, faults);
  const paths = resolvePaths(given, faults);
  const lanes = lanesOf(options.lanes, faults);
  checkLanes(
    lanes,
    { count: paths.length, anyPlain: paths.some(({ target }) => target.url.protocol === "http:") },
    faults,
  );
  const timing = resolveTiming(options, faults);
  const durationMs = faults.number("durationMs", options.durationMs, { fallback: 0, min: 1, max: 100 * DAY_MS });
  if (options.engine !== undefined && options.engine !== "wire" && options.engine !== "node") {
    faults.add("engine", `must be "wire" or "node", is ${shown(options.engine)}`);
  }
  if (options.log !== undefined && (typeof options.log !== "string" || options.log === "")) {
    faults.add("log", `must be the name of a file, is ${shown(options.log)}`);
  }
  if (options.maxLogBytes !== undefined) faults.number("maxLogBytes", options.maxLogBytes, MAX_LOG_BYTES);
  const caps = checkCaps(options.caps, lanes, paths.length, faults);
  checkThresholds(options.thresholds, faults);
  const templates = requestsOf(options, paths, faults);
  faults.throwIfAny();
  for (const { target } of paths) target.tls?.secureContext();
  return {
    paths: paths.map((path, index) => planOf(path, lanes, templates[index] ?? [])),
    given: given ?? [],
    lanes,
    engine: options.engine ?? "wire",
    timing,
    ...caps,
    durationNs: options.durationMs === undefined ? null : Math.round(durationMs * NANOS_PER_MS),
    node: options.node ?? hostname(),
  };
}

function resolveTiming(options: ProbeOptions, faults: Faults): Timing {
  const ns = (key: keyof ProbeOptions, fallback: number, min: number): Nanos =>
    Math.round(faults.number(key, options[key], { fallback, min, max: DAY_MS }) * NANOS_PER_MS);
  return {
    requestTimeoutNs: ns("requestTimeoutMs", 10_000, 1),
    pingIntervalNs: ns("pingIntervalMs", 250, 10),
    pingTimeoutNs: ns("pingTimeoutMs", 2_000, 10),
    connectTimeoutNs: ns("connectTimeoutMs", 5_000, 1),
    drainTimeoutNs: ns("drainTimeoutMs", 15_000, 0),
  };
}

/** The `requests` option for each path; checked once, because faults do not depend on the path. */
function requestsOf(options: ProbeOptions, paths: readonly ResolvedPath[], faults: Faults): RequestTemplate[][] {
  const { requests } = options;
  if (requests === undefined) return [];
  if (!Array.isArray(requests) || requests.length === 0) {
    faults.add("requests", "must be a list of at least one request; leave it out for GET of the path in each url");
    return [];
  }
  const silent = new Faults();
  return paths.map(({ target }, path) =>
    requests
      .map((request, index) => requestTemplate(`requests[${index}]`, request, target.url, path === 0 ? faults : silent))
      .filter((template) => template !== null),
  );
}

function planOf(path: ResolvedPath, lanes: LaneOptions, templates: readonly RequestTemplate[]): PathPlan {
  const { url } = path.target;
  const gets = (paths: readonly string[] | undefined): RequestTemplates | null =>
    atLeastOne((paths ?? []).map((each) => getTemplate(url, each)));
  const given = atLeastOne(templates);
  const requests: RequestTemplates = given ?? [getTemplate(url, url.pathname + url.search)];
  const { identity } = path.target;
  const everyMs = lanes.slow?.everyMs;
  return {
    ...path,
    requests,
    freshRequests: given ?? (identity === null || identity === undefined ? requests : [identity.template]),
    watch: gets(lanes.watch?.paths),
    slow: gets(lanes.slow?.paths),
    slowSpacingNs: everyMs === undefined ? null : Math.round(everyMs * NANOS_PER_MS),
  };
}

function atLeastOne(templates: readonly RequestTemplate[]): RequestTemplates | null {
  const [first, ...rest] = templates;
  return first === undefined ? null : [first, ...rest];
}
