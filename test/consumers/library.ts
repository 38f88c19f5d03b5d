// What a stranger's TypeScript does with the packages; compiled against the tarballs by scripts/consumers.mjs.
import { createProbe, fresh, held, idle, type Probe, type ProbeOptions, type Summary } from "@drainprobe/core";
import { assertDrainsCleanly, checkDrain, type DrainOptions } from "@drainprobe/core/assert";
import { type Classifier, CONNECTION_RULES, createFold, replay } from "@drainprobe/core/classify";
import { FrameDecoder, type FrameSink, HpackDecoder, HpackEncoder } from "@drainprobe/core/h2";
import { kubePath, loadKubeconfig } from "@drainprobe/core/kube";
import { FakeClock, foldTrace, Trace } from "@drainprobe/core/testing";
import { openConnection, witness } from "@drainprobe/core/witness";
import { certificates, faults, startRawServer } from "@drainprobe/testbed";

export const options: ProbeOptions = {
  target: { url: "https://service.example", ca: "" },
  lanes: [held({ sessions: 1 }), fresh({ kind: "tcp" }), idle()],
};

export async function drain(stop: () => Promise<void>, signal: AbortSignal): Promise<Summary> {
  await using probe: Probe = await createProbe({ ...options, signal });
  await probe.settled({ signal });
  const drained = probe.drained({ timeoutMs: 10_000, signal });
  await stop();
  await drained;
  for await (const record of probe.records({ signal })) {
    if (record.kind === "h2.goaway.received") console.log(record.lastStreamId satisfies number);
  }
  return probe.stop();
}

export function judge(summary: Summary): boolean {
  const limits: DrainOptions = { maxNewConnectionGapMs: 500 };
  assertDrainsCleanly(summary, limits);
  return checkDrain(summary).ok;
}

export async function look(url: string): Promise<number> {
  for await (const event of witness(url)) if (event.kind === "tcp.rst.received") return event.u;
  return 0;
}

export async function fail(): Promise<string> {
  const { good } = await certificates();
  await using server = await startRawServer({ identity: good, fault: faults.rstInFlight({ streams: 1 }) });
  return server.url;
}

export const parts: readonly unknown[] = [
  CONNECTION_RULES,
  createFold,
  replay,
  FrameDecoder,
  HpackDecoder,
  HpackEncoder,
  kubePath,
  loadKubeconfig,
  new FakeClock().now() satisfies number,
  foldTrace(new Trace().ready()).summary.verdict satisfies "pass" | "fail" | "inconclusive",
  openConnection,
];
export type Parts = [Classifier, FrameSink];
