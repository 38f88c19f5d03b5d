import { rmSync } from "node:fs";
import { createProbe, type RunSink } from "@drainprobe/core";
import { makeStalls, untilDone } from "../fidelity/client.js";
import type { Account, Anchor, Told } from "../fidelity/wall-line.js";

export interface FidelityParams {
  readonly url: string;
  readonly controlPort: number;
  readonly connections: number;
  /** Requests a second over all connections; 0: none. */
  readonly ratePerSecond: number;
  readonly stalls: boolean;
  readonly log: string;
}

/** The probe as anyone uses it, the log on disk included: idle sessions with PING, or a held lane under load. */
export async function measure(params: FidelityParams): Promise<Account> {
  const { connections, ratePerSecond } = params;
  const told: Told[] = [];
  const anchors: Anchor[] = [];
  const locals = new Map<number, string>();
  let kernelDelayNs: number | null = null;
  const sink: RunSink = {
    write(record) {
      switch (record.kind) {
        case "run.header": {
          const { wall, wallErrorNs } = record.reference;
          anchors.push({ t: 0, wall, errorNs: wallErrorNs });
          kernelDelayNs = record.reference.kernelDelayNs;
          return;
        }
        case "clock.anchor":
          anchors.push({ t: record.t, wall: record.wall, errorNs: record.errorNs });
          return;
        case "tcp.connect.complete":
          locals.set(record.conn, record.local);
          return;
        case "tcp.fin.received":
        case "h2.goaway.received":
        case "tcp.rst.received": {
          if (record.kind === "tcp.rst.received" && record.afterFin) return;
          const kind = (
            { "tcp.fin.received": "fin", "h2.goaway.received": "goaway", "tcp.rst.received": "rst" } as const
          )[record.kind];
          told.push({ local: locals.get(record.conn) ?? "", kind, t: record.t, u: record.u });
        }
      }
    },
    appendVerdict() {},
  };
  const probe = await createProbe({
    paths: [{ name: "bench", url: params.url }],
    lanes:
      ratePerSecond === 0
        ? { idle: { sessions: connections } }
        : { held: { sessions: connections, streams: 10, ratePerSecond } },
    sinks: [sink],
    log: params.log,
    overwriteLog: true,
  });
  const stop = params.stalls ? makeStalls() : () => {};
  await untilDone(params.controlPort);
  stop();
  await probe.stop();
  rmSync(params.log, { force: true });
  return { told, anchors, kernelDelayNs };
}
