import { randomUUID } from "node:crypto";
import { arch, networkInterfaces, release, type } from "node:os";
import { KERNEL_DELAY_NS } from "./clock/loop-marks.js";
import { LOG_FORMAT, type RunHeader } from "./events/index.js";
import { configRecord } from "./options/config-record.js";
import type { ResolvedOptions } from "./options/resolve-options.js";
import type { ProbeOptions } from "./probe-options.js";
import type { Run } from "./run.js";
import { VERSION } from "./version.js";

/** The first record of a run: what a result would mean nothing without. */
export function runHeader(options: ProbeOptions, resolved: ResolvedOptions, run: Run): RunHeader {
  const { wall, errorNs } = run.clock.anchor(0);
  return {
    kind: "run.header",
    format: LOG_FORMAT,
    run: randomUUID(),
    node: resolved.node,
    reference: {
      monotonicEpochNs: run.clock.monotonicEpochNs,
      wall,
      wallErrorNs: errorNs,
      kernelDelayNs: KERNEL_DELAY_NS,
    },
    config: configRecord(options, resolved),
    versions: {
      drainprobe: VERSION,
      node: process.versions.node,
      openssl: process.versions.openssl,
      kernel: `${type()} ${release()}`,
      arch: arch(),
    },
    addresses: hostAddresses(),
    lanes: run.plans,
    ...(options.selfTest === undefined ? {} : { selfTest: options.selfTest }),
  };
}

/** Loopback ones too: a balancer's address is often bound there, and that is worth knowing. */
function hostAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.map(({ address }) => address).filter((address) => !/^(fe80:|169\.254\.)/i.test(address));
}
