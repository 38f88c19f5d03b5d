import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchOptions, Section } from "../harness/bench.js";
import { childContender } from "../harness/programs.js";
import { race } from "../harness/race.js";
import { rowsOf } from "../harness/report.js";
import { startServer } from "../harness/server.js";
import { spreadOf } from "../harness/stats.js";
import { short } from "../harness/table.js";

const EVENTS = 400_000;

export const LOG: Bench = {
  name: "log",
  what: "events written and folded a second, and what writing delays",
  run: log,
};

async function log(options: BenchOptions): Promise<Section[]> {
  await using server = await startServer({ tls: false });
  const events = options.quick ? EVENTS / 8 : EVENTS;
  const file = (name: string): string => join(tmpdir(), `drainprobe-bench-${process.pid}-${name}.jsonl`);
  const write = { file: file("write"), events };
  const raced = await race(
    [
      childContender({ name: "writing", note: "the JSONL sink" }, "log-write", { ...write, write: true }, {}),
      childContender(
        { name: "not writing", note: "the same loop without it" },
        "log-write",
        { ...write, write: false },
        {},
      ),
      childContender(
        { name: "folding", note: "replay of a real run's log" },
        "log-fold",
        { url: server.url, file: file("fold"), events },
        {},
      ),
    ],
    options.repetitions,
    options.tell,
  );
  const longest = raced.flatMap(({ contender, samples }) => {
    const turns = samples.flatMap(({ extra }) => extra?.longestTurnMs ?? []);
    return turns.length === 0
      ? []
      : [`${contender.name}: longest turn of 200 events ${short(spreadOf(turns).median)} ms`];
  });
  return [
    {
      title: "the log",
      facts: [`${events} events, a turn of the event loop after each 200`, ...longest],
      operation: "event",
      rows: rowsOf(raced),
      goals: [],
    },
  ];
}
