import { createProbe, DrainprobeError, type LaneOptions, type ProbeOptions, type RunSink } from "@drainprobe/core";
import type { Command } from "commander";
import { ChurnMeter } from "../bench/churn-meter.js";
import { type ChurnResult, churnJson, churnText } from "../bench/churn-text.js";
import { loadCredentials } from "../config/credentials.js";
import { BENCH_FLAGS } from "../flags/bench-flags.js";
import { commandLineSource } from "../flags/command-line.js";
import type { Settings } from "../flags/flag.js";
import { mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { formatCount, formatDuration } from "../text/format.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";

type BenchSettings = Settings<typeof BENCH_FLAGS>;

const LANES = { tcp: "freshTcp", hello: "freshHello", tls: "freshTls", h2: "freshH2" } as const;

const TOUCHES = {
  tcp: "each takes a place in its backlog and an accept",
  hello: "each costs its server a key share",
  tls: "each is a TLS handshake with a signature of its server",
  h2: "each is a TLS handshake with a signature of its server, and a request",
} as const;

/**
 * `drainprobe bench churn`: opens connections to somebody's own service and says what that cost. Exit code 0 where all worked, 1 where
 * some failed, 3 where it was ended early or this host itself had nothing left to open one with.
 */
export async function benchCommand(command: Command, words: readonly string[], io: CliIo): Promise<number> {
  if (words.length !== 1 || words[0] !== "churn") {
    throw new UsageError(`bench: there is no ${printable(words.join(" "))}: write drainprobe bench churn --target URL`);
  }
  const { settings } = mergeSettings(BENCH_FLAGS, [commandLineSource(command, BENCH_FLAGS)]);
  const target = checked(settings);
  const options = benchOptions(settings, target);
  if (!settings.quiet) io.stderr.write(`${warning(settings, target)}\n`);
  const result = await churn(settings, options, target, io);
  await print(io.stdout, settings.json ? `${jsonText(churnJson(result), 2)}\n` : churnText(result));
  const { opened, worked, ownFailures } = result.counts;
  if (result.interrupted || ownFailures > 0 || opened === 0) return EXIT.inconclusive;
  return worked === opened ? EXIT.pass : EXIT.fail;
}

function checked(settings: BenchSettings): string {
  const { target, kind, rate, concurrency, count, maxRate, maxCount } = settings;
  if (target === undefined)
    throw new UsageError("nothing to open connections to: give --target URL, a service of your own");
  if (target.startsWith("http:") && (kind === "tls" || kind === "hello")) {
    throw new UsageError(`--kind ${kind}: ${target} has no TLS to shake hands with; use --kind tcp or h2`);
  }
  if (rate === 0) throw new UsageError("--rate 0 opens nothing: write how many a second, such as 20");
  const allowed = (asked: number, what: string, flag: string, cap: number): void => {
    if (asked > cap)
      throw new UsageError(
        `${asked} ${what} are more than the cap of ${cap}: if the target is yours and can take it, raise ${flag}`,
      );
  };
  allowed(count, "connections", "--max-count", maxCount);
  if (concurrency === undefined) allowed(rate, "new connections a second", "--max-rate", maxRate);
  else if (Number.isFinite(maxRate)) {
    throw new UsageError(
      "--concurrency opens connections as fast as that goes, which no rate bounds: if the target is yours and can take it, add --max-rate none",
    );
  }
  return target;
}

function benchOptions(settings: BenchSettings, target: string): ProbeOptions {
  const { kind, rate, concurrency, count, connectTo, serverName, timeout } = settings;
  const pace = concurrency === undefined ? { ratePerSecond: rate, count } : { concurrency, count };
  const lanes: LaneOptions = { [LANES[kind]]: pace };
  return {
    target: {
      url: target,
      ...loadCredentials(settings),
      ...(connectTo === undefined ? {} : { connectTo: connectTo.endpoint }),
      ...(serverName === undefined ? {} : { serverName }),
      verify: !settings.insecureSkipTlsVerify,
    },
    lanes,
    ...(settings.request === undefined ? {} : { requests: [{ method: "GET", path: settings.request }] }),
    connectTimeoutMs: timeout / 1e6,
    requestTimeoutMs: timeout / 1e6,
  };
}

function warning({ kind, rate, concurrency, count }: BenchSettings, target: string): string {
  const pace =
    concurrency === undefined
      ? `${rate} new connections a second, ${formatCount(count)} in all (${formatDuration((count / rate) * 1e9)})`
      : `${formatCount(count)} connections, ${concurrency} at once, as fast as that goes`;
  const touches = target.startsWith("http:") && kind === "h2" ? "each carries a request" : TOUCHES[kind];
  return `drainprobe: puts load on ${printable(target)}: ${pace}; ${touches}. Only for services of your own; Ctrl-C ends it.`;
}

async function churn(settings: BenchSettings, options: ProbeOptions, target: string, io: CliIo): Promise<ChurnResult> {
  const { kind, count } = settings;
  let allEnded = (): void => {};
  const ended = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  let interrupted = false;
  const meter = new ChurnMeter(kind, count, allEnded);
  const sink: RunSink = {
    write: (record) => meter.push(record),
    appendVerdict: (verdict) => meter.verdict(verdict),
  };
  const release = io.onInterrupt(() => {
    if (interrupted) io.exitNow(EXIT.inconclusive);
    interrupted = true;
    allEnded();
  });
  try {
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    const probe = await createProbe({ ...options, sinks: [sink] });
    await ended;
    const wallNs = (performance.now() - startedMs) * 1e6;
    const { user, system } = process.cpuUsage(cpu);
    await probe.stop();
    const { counts } = meter;
    const verified = !settings.insecureSkipTlsVerify;
    return { target, kind, verified, wallNs, cpuNs: (user + system) * 1e3, counts, asked: count, interrupted };
  } catch (error) {
    throw error instanceof DrainprobeError && error.code !== "BUG" ? new UsageError(error.message) : error;
  } finally {
    release();
  }
}
