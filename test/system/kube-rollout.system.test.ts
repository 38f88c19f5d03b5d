import { createProbe, type LogRecord, replay, type Summary } from "@drainprobe/core";
import { kubeIdentity, kubePath, loadKubeconfig, startMarkers } from "@drainprobe/core/kube";
import { type Apiserver, startBalancer, startControlPlane, startReadyzChecks } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const S = 1e9;
/** How late a busy machine may be. */
const LATE_NS = 3 * S;

describe("the rollout of a real kube-apiserver behind a balancer", () => {
  it("is told by its log, /readyz and process: phases, balancer's lags, and nothing lost", async (test) => {
    await kubePrograms(test, "current");
    const D = 8_000;
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      instances: 3,
      flags: { shutdownDelayMs: D, shutdownWatchGraceMs: 1_000 },
    });
    await using balancer = await startBalancer({ upstreams: plane.apiservers });
    await using checks = startReadyzChecks({
      targets: plane.apiservers,
      everyMs: 500,
      timeoutMs: 2_000,
      onChange: (healthy) => balancer.setUpstreams(healthy),
    });
    const access = await loadKubeconfig({
      env: {},
      file: await plane.kubeconfig("admin", `127.0.0.1:${balancer.port}`),
    });
    const [local, ...peers] = plane.apiservers as [Apiserver, ...Apiserver[]];
    const direct = ({ index, host, port }: Apiserver): { backend: string; host: string; port: number } => ({
      backend: `master-${index}`,
      host,
      port,
    });
    const records: LogRecord[] = [];
    let stopMarkers: () => Promise<void> = async () => {};
    const probe = await createProbe({
      paths: [{ ...kubePath(access, { name: "vip" }), identity: kubeIdentity(access.server) }],
      lanes: {
        held: { sessions: 3, streams: 5, ratePerSecond: 60 },
        freshH2: { ratePerSecond: 15 },
        watch: { paths: ["/api/v1/namespaces/default/configmaps?watch=true"] },
      },
      pingTimeoutMs: 10_000,
      connectTimeoutMs: 10_000,
      log: `${makeDir("log")}/run.jsonl`,
      beforeFooter: () => stopMarkers(),
    });
    const reading = (async () => {
      for await (const record of probe.records()) records.push(record);
    })();
    const notices: string[] = [];
    stopMarkers = startMarkers(
      {
        local: direct(local),
        terminationLog: { file: local.logFile },
        readyz: { access, peers: peers.map(direct) },
        process: {},
      },
      {
        recorder: { record: (fact, at) => probe.record(fact as Parameters<typeof probe.record>[0], at) },
        clock: probe.clock,
        notify: ({ text }) => notices.push(text),
      },
    );
    await probe.settled();
    const phase = (server: Apiserver): string | undefined =>
      probe.snapshot().backends?.find(({ backend }) => backend === `master-${server.index}`)?.phase;
    const greens = (): number =>
      records.filter((record) => record.kind === "rollout.marker" && record.marker === "readyz.green").length;
    await until(() => greens() >= 3, { withinMs: 30_000, what: "every /readyz to be green" });

    const signals: number[] = [];
    for (const server of [local, peers[0] as Apiserver]) {
      signals.push(probe.clock.now());
      await server.terminate();
      await server.start();
      await server.ready();
      await until(() => phase(server) === "ready" && checks.healthy.includes(server), {
        withinMs: 60_000,
        what: "it to be ready by its markers",
      });
      // Time for the balancer to choose it again.
      const flows = balancer.flows.length;
      await until(() => balancer.flows.slice(flows).some(({ upstream }) => upstream === server), {
        withinMs: 30_000,
        what: "the balancer to choose it again",
      });
      await until(() => balancer.flows.length > flows + 10, { withinMs: 30_000, what: "more connections" });
    }
    const summary = await probe.stop();
    await reading;
    access.close();
    expect(notices).toEqual([]);
    show(summary);

    const { rollout } = summary;
    if (rollout === null || rollout === undefined) throw new Error("no rollout");
    expect(rollout.rollouts.map(({ backend, complete }) => [backend, complete])).toEqual([
      ["master-0", true],
      ["master-1", true],
    ]);
    const [byLog, byReadyz] = rollout.rollouts;
    for (const [index, each] of rollout.rollouts.entries()) {
      const sentAt = signals[index] ?? 0;
      const { t0 } = each;
      if (t0 === null) throw new Error("no T0");
      // It cannot be before the signal, but for what the marker itself admits and 2 ms between two clocks.
      expect(t0.t + t0.errorNs).toBeGreaterThan(sentAt - 2e6);
      expect(t0.t - t0.errorNs).toBeLessThan(sentAt + LATE_NS);
      expect(each.conflicts).toBe(0);
      // Two failed checks, half a second apart, take it out.
      expect(each.acceptedAfterT0).toBeGreaterThan(0);
      expect(each.removalLagNs).toBeGreaterThan(0.3 * S);
      expect(each.removalLagNs).toBeLessThan(0.8 * D * 1e6);
      expect(each.stoppedWhileChosen).toBe(false);
      expect(each.reAddLagNs).toBeGreaterThan(0);
      expect(each.beforeReady).toBe(0);
      expect(each.connectionsBroken).toBe(0);
      expect(each.inFlight.cut).toBe(0);
    }
    // The one whose log is read: every phase, to the millisecond.
    expect(byLog?.t0).toMatchObject({ source: "termination.log", marker: "termination.started" });
    expect(byLog?.t0?.errorNs).toBeLessThan(5e6);
    expect(byLog?.phases.map((span) => span.phase)).toEqual([
      "serving",
      "terminating-not-ready",
      "late",
      "refusing-or-429",
      "down",
      "starting-not-ready",
      "ready",
    ]);
    expect(byLog?.delayNs).toBeGreaterThan((D - 5) * 1e6);
    expect(byLog?.delayNs).toBeLessThan(D * 1e6 + LATE_NS);
    expect(byLog?.phases.find((span) => span.phase === "starting-not-ready")?.from).toMatchObject({
      source: "process",
    });
    // The other by /readyz alone.
    expect(byReadyz?.t0).toMatchObject({ source: "readyz", marker: "readyz.red" });
    expect(byReadyz?.delayNs).toBeNull();

    // One that had just been opened when the run ended, on each lane.
    expect(rollout.unidentifiedConnections).toBeLessThanOrEqual(2);
    expect(rollout.objectives.map(({ name, result }) => [name, result])).toEqual([
      ["new-connections-accepted", "pass"],
      ["in-flight-requests-completed", expect.stringMatching(/^(pass|inconclusive)$/)],
      ["no-connection-broken", "pass"],
    ]);
    const replayed = await replay(
      (async function* () {
        yield Buffer.from(records.map((record) => JSON.stringify(record)).join("\n"));
      })(),
    );
    expect(JSON.stringify(replayed.summary.rollout)).toBe(JSON.stringify(rollout));
  });
});

function show({ rollout, verdict, clientGo, drops }: Summary): void {
  const { headline, objectives, rollouts, byPhase, markers } = rollout ?? {};
  console.log(JSON.stringify({ verdict, headline, objectives, rollouts, byPhase, markers, clientGo, drops }, null, 1));
}
