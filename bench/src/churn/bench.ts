import type { Bench, BenchOptions, Goal, Section } from "../harness/bench.js";
import { race } from "../harness/race.js";
import { ratio, rowsOf } from "../harness/report.js";
import { CERTIFICATE, startServer } from "../harness/server.js";
import { churnContenders, type Operation } from "./contenders.js";

const CONCURRENCY = 8;
const OPEN_LOOP_RATE = 200;
/** For each repetition. A TCP connection costs a tenth of the others. */
const OPS = { hello: 2_000, tcp: 4_000, tls: 400, h2: 400 } as const;
const OPEN_OPS = 120;

export const CHURN: Bench = {
  name: "churn",
  what: "CPU of one new connection: fresh.tcp, fresh.hello, fresh.tls, fresh.h2, in closed and open loop",
  run: churn,
};

/** All operations in the closed loop, and the dearest in the open one. */
export async function churn(options: BenchOptions): Promise<Section[]> {
  await using server = await startServer({ tls: true });
  const facts = [
    `server: ${server.title}, a process of its own, ${CERTIFICATE}, TLS 1.3, no resumption`,
    "clients close first: close_notify and FIN (h2load, hey and undici in their own way); sockets in TIME_WAIT are used again (tcp_tw_reuse on loopback)",
    "CPU: user and system of the client's whole process, its threads included; rates are no measure here, where server and clients share the cores",
  ];
  const sections: Section[] = [];
  const one = async (operation: Operation, ratePerSecond: number | null, title: string): Promise<void> => {
    const ops = ratePerSecond === null ? OPS[operation] : OPEN_OPS;
    const load = { ops: options.quick ? Math.ceil(ops / 4) : ops, ratePerSecond, concurrency: CONCURRENCY };
    options.tell(title);
    const all = churnContenders({ operation, load, quick: options.quick }, server);
    const contenders = all.filter(({ name }) => options.only?.includes(name) ?? true);
    const raced = await race(contenders, options.repetitions, options.tell);
    const goals = ratePerSecond === null ? goalsOf(operation, raced) : [];
    sections.push({ title, facts, operation: "connection", rows: rowsOf(raced), goals });
  };
  const closed = `closed loop, ${CONCURRENCY} at once`;
  const operations: readonly Operation[] =
    options.only === undefined ? ["tcp", "hello", "tls", "h2"] : ["tcp", "hello", "h2"];
  for (const operation of operations) await one(operation, null, `fresh.${operation}, ${closed}`);
  if (!options.quick) await one("h2", OPEN_LOOP_RATE, `fresh.h2, open loop, ${OPEN_LOOP_RATE} a second`);
  return sections;
}

function goalsOf(operation: Operation, raced: Parameters<typeof ratio>[0]): Goal[] {
  switch (operation) {
    case "tcp":
      return [{ what: "fresh.tcp to the bare loop", atMost: 1.2, measured: ratio(raced, "drainprobe", "bare loop") }];
    case "hello":
      return [
        { what: "fresh.hello to fresh.tcp", atMost: 2, measured: ratio(raced, "drainprobe", "drainprobe fresh.tcp") },
      ];
    case "tls":
      return [];
    case "h2":
      return [
        {
          what: "fresh.h2 to h2load, which checks no certificate",
          atMost: 1.25,
          measured: ratio(raced, "drainprobe, verify off", "h2load"),
        },
        { what: "fresh.h2 to node:http2", atMost: 0.7, measured: ratio(raced, "drainprobe", "node:http2") },
      ];
  }
}
