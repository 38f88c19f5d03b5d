import { describe, expect, it } from "vitest";
import { only, RolloutTrace, rolloutOf, S, traffic, wall } from "../../../test/rollout-trace.js";
import { closing, foldAll, Trace } from "../../../test/trace-builder.js";
import type { BackendRollout } from "./rollout-types.js";

const phasesOf = (rollout: BackendRollout): [string, number | null][] =>
  rollout.phases.map(({ phase, from }) => [phase, from === null ? null : Number((from.t / S).toFixed(3))]);

describe("a run without markers", () => {
  it("has no rollout in its summary", () => {
    const { summary } = foldAll(new Trace().ready().answered(1).add(closing("run.ended")).closed());
    expect(summary).toMatchObject({ rollout: null, clientGo: null, writes: null, verdict: "pass" });
  });
});

describe("the phases of a backend", () => {
  it("come from the log, /readyz and the process, each step from the best of them", () => {
    const rollout = only(new RolloutTrace().rollout(10, 20).play());
    expect(phasesOf(rollout)).toEqual([
      ["serving", null],
      ["terminating-not-ready", 10],
      ["late", 26],
      ["refusing-or-429", 30.001],
      ["down", 31.1],
      ["starting-not-ready", 33.11],
      ["ready", 36.09],
    ]);
    expect(rollout).toMatchObject({ backend: "m0", complete: true, conflicts: 0, delayNs: 20 * S });
    expect(rollout.t0).toMatchObject({ t: 10 * S, source: "termination.log", marker: "termination.started" });
    expect(rollout.t0?.errorNs).toBeLessThanOrEqual(1_000);
  });

  it("without a log come from /readyz alone, with its errors", () => {
    const trace = new RolloutTrace()
      .marker(1, "readyz.green", { source: "readyz", resolution: 1 })
      .marker(10.1, "readyz.red", { source: "readyz" })
      .marker(30.1, "readyz.unreachable", { source: "readyz" })
      .marker(33, "readyz.red", { source: "readyz" })
      .marker(36, "readyz.green", { source: "readyz" });
    const rollout = only(trace);
    expect(phasesOf(rollout)).toEqual([
      ["serving", null],
      ["terminating-not-ready", 10.05],
      ["down", 30.05],
      ["starting-not-ready", 32.95],
      ["ready", 35.95],
    ]);
    expect(rollout.t0?.errorNs).toBeGreaterThanOrEqual(0.05 * S);
    expect(rollout.delayNs).toBeNull();
  });

  it("from the API alone have whole seconds, and what it says late still counts when it was", () => {
    const trace = new RolloutTrace()
      .marker(12, "termination.started", { source: "api.event", said: 10, resolution: 1 })
      .marker(34, "delay.finished", { source: "api.event", said: 30, resolution: 1 })
      .marker(34.1, "terminated", { source: "api.event", said: 31, resolution: 1 });
    const rollout = only(trace);
    expect(rollout.t0).toMatchObject({ t: 10.5 * S, errorNs: 0.5 * S, source: "api.event" });
    expect(rollout.delayNs).toBe(20 * S);
    expect(rollout.complete).toBe(false);
    expect(phasesOf(rollout).at(-1)).toEqual(["down", 31.5]);
  });

  it("are not dated later than they were seen, whatever another host's clock says", () => {
    const trace = new RolloutTrace().marker(12, "termination.started", {
      source: "api.event",
      said: 15,
      resolution: 1,
    });
    expect(only(trace).t0).toMatchObject({ t: 12 * S, errorNs: 0 });
  });

  it("follow the wall clock when it is stepped", () => {
    const trace = new RolloutTrace()
      .at(5 * S)
      .add({ kind: "clock.anchor", wall: wall(3605 * S), errorNs: 0 }) as RolloutTrace;
    trace.marker(10.05, "termination.started", { said: 3610 });
    expect(only(trace).t0?.t).toBe(10 * S);
  });

  it("begin again at the next termination, also before it was ready", () => {
    const twice = new RolloutTrace().rollout(10, 5).rollout(40, 5).play();
    expect(rolloutOf(twice).rollouts.map(({ t0 }) => t0?.t)).toEqual([10 * S, 40 * S]);
    const log = new RolloutTrace()
      .marker(1, "termination.started")
      .marker(6, "terminated")
      .marker(20, "termination.started");
    expect(rolloutOf(log).rollouts.map(({ t0 }) => t0?.t)).toEqual([1 * S, 20 * S]);
  });

  it("two sources' words for one T0 are one rollout, and their disagreement is counted", () => {
    const trace = new RolloutTrace()
      .marker(10, "termination.started")
      .marker(11, "termination.started", { source: "api.event", said: 7, resolution: 1 });
    const rollout = only(trace);
    expect(rollout.t0?.t).toBe(10 * S);
    expect(rollout.conflicts).toBe(1);
    const agreed = new RolloutTrace()
      .marker(10.5, "termination.started")
      .marker(11, "termination.started", { source: "api.event", said: 10, resolution: 1 });
    expect(only(agreed).conflicts).toBe(0);
  });

  it("a kill has no T0 and no delay", () => {
    const trace = new RolloutTrace()
      .marker(1, "readyz.green", { source: "readyz", resolution: 1 })
      .marker(20.1, "readyz.unreachable", { source: "readyz" })
      .marker(20.1, "process.gone", { source: "process" })
      .marker(22.1, "process.started", { source: "process", said: 22 })
      .marker(24, "readyz.green", { source: "readyz" });
    const rollout = only(trace);
    expect(rollout).toMatchObject({ t0: null, delayNs: null, complete: false, removalLagNs: null });
    expect(phasesOf(rollout).map(([phase]) => phase)).toEqual(["serving", "down", "starting-not-ready", "ready"]);
  });
});

describe("what is no rollout", () => {
  it.each<[string, RolloutTrace]>([
    [
      "a red /readyz that turns green again",
      new RolloutTrace()
        .marker(1, "readyz.green", { source: "readyz", resolution: 1 })
        .marker(10, "readyz.red", { source: "readyz" })
        .marker(12, "readyz.green", { source: "readyz" }),
    ],
    [
      "a /readyz that was not answered once",
      new RolloutTrace()
        .marker(1, "readyz.green", { source: "readyz", resolution: 1 })
        .marker(10, "readyz.unreachable", { source: "readyz" })
        .marker(11, "readyz.green", { source: "readyz" }),
    ],
    ["a backend found well", new RolloutTrace().marker(1, "readyz.green", { source: "readyz", resolution: 1 })],
    [
      "a process that was started before the run",
      new RolloutTrace().marker(1, "process.started", { source: "process", said: -3600 }),
    ],
    ["a redirect that comes", new RolloutTrace().marker(5, "redirect.on", { source: "switch.file" })],
  ])("%s", (_what, trace) => {
    const rollout = rolloutOf(trace);
    expect(rollout.rollouts).toEqual([]);
    expect(rollout.objectives.map(({ result }) => result)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    expect(foldAll(trace).summary.verdict).toBe("inconclusive");
  });

  it("and near it: the same red, when the server says why", () => {
    const trace = new RolloutTrace()
      .marker(10, "readyz.red", { source: "readyz" })
      .marker(10.2, "termination.started", { said: 9.95 })
      .marker(12, "readyz.green", { source: "readyz" });
    expect(only(trace)).toMatchObject({ complete: true, t0: { t: 9.95 * S } });
  });
});

describe("the balancer's part", () => {
  it("is told by new connections: removal, re-adding, margin, and the D that would do", () => {
    const trace = traffic(new RolloutTrace().rollout(10, 20), 60, 22, 40).play();
    const summary = rolloutOf(trace);
    const rollout = summary.rollouts[0] as BackendRollout;
    expect(rollout.lastAccepted?.t).toBe(21.013 * S);
    expect(rollout).toMatchObject({ removalLagNs: 11.013 * S, marginNs: 8.987 * S, stoppedWhileChosen: false });
    expect(rollout.acceptedAfterT0).toBe(12);
    expect(rollout.watchedAfterT0).toBe(43);
    expect(rollout.ownLateConnections).toBe(0);
    // The late phase begins at 26 s: three more of ours come in it, one each second.
    expect(only(traffic(new RolloutTrace().rollout(10, 20), 60, 29, 40).play()).ownLateConnections).toBe(3);
    expect(rollout.beforeReady).toBe(0);
    expect(rollout.firstAfterReady?.t).toBe(40.013 * S);
    expect(rollout.reAddLagNs).toBeCloseTo(40.013 * S - 36.09 * S, -6);
    expect(summary.headline).toMatchObject({
      removalLagNs: 11.013 * S,
      marginNs: 8.987 * S,
      neededDelayNs: Math.ceil((11.013 * S * 13) / 12 / 0.8),
      longestNewConnectionGapNs: 0,
      longestNewConnectionGapPath: "vip",
    });
    expect(summary.headline.neededDelayArithmetic).toBe(
      "m0: the last of 12 new connections came 11.01 s after T0; 11.01 s x 13/12 / 0.8 = 14.91 s",
    );
  });

  it("connections to a backend that is not ready yet are counted, those of a moment within the error are not", () => {
    // Ready between 36.04 and 36.14; the last one lies in there.
    const trace = new RolloutTrace().rollout(10, 20);
    for (const at of [33.5, 34.5, 36.06]) trace.plan(at, () => trace.fresh(at, "m0"));
    expect(only(trace.play())).toMatchObject({ beforeReady: 2, reAddLagNs: 0, firstAfterReady: { t: 36.06 * S } });
  });

  /** A rollout with a connection to another server at 15 s, and attempts on `path` that are refused at these times. */
  function refusedAt(path: string, ...times: readonly number[]): RolloutTrace {
    const trace = new RolloutTrace().rollout(10, 20);
    trace.plan(15, () => trace.fresh(15, "m1"));
    for (const [index, at] of times.entries()) {
      trace.plan(at, () => {
        trace.at(at * S).start(8000 + index, "fresh.h2", path);
        trace.add({
          kind: "tcp.connect.failed",
          conn: 8000 + index,
          code: "ECONNREFUSED",
          syscall: "connect",
          errno: -111,
        });
      });
    }
    return trace;
  }

  it("is told by refusals too, while it is away", () => {
    const summary = rolloutOf(refusedAt("vip", 30.2, 31.5).play());
    expect(summary.rollouts[0]).toMatchObject({
      acceptedAfterT0: 0,
      refusedWhileAway: 2,
      removalLagNs: expect.closeTo(21.5 * S, -7),
      marginNs: expect.closeTo(-1.5 * S, -7),
      stoppedWhileChosen: true,
    });
    expect(summary.headline.neededDelayArithmetic).toMatch(
      /the last of 2 new connections came 21.5 s after T0;.*; more/,
    );
  });

  it.each<[string, RolloutTrace]>([
    ["before it stopped, or when it was back", refusedAt("vip", 12, 45)],
    ["past the balancer", refusedAt("local", 30.2)],
    ["while another was away too", refusedAt("vip", 30.5).rollout(10.1, 20, { backend: "m1" })],
  ])("and not by refusals %s", (_, trace) => {
    expect(rolloutOf(trace.play()).rollouts[0]).toMatchObject({
      refusedWhileAway: 0,
      removalLagNs: 0,
      stoppedWhileChosen: false,
    });
  });

  it("that never removes it is seen as such", () => {
    const trace = traffic(new RolloutTrace().rollout(10, 20), 60, 31, 36).play();
    const summary = rolloutOf(trace);
    expect(summary.rollouts[0]).toMatchObject({ stoppedWhileChosen: true });
    expect(summary.headline.neededDelayArithmetic).toMatch(/; more, because connections still came/);
  });

  it("where nothing was watched is not known, and where all went elsewhere is nought", () => {
    expect(only(new RolloutTrace().rollout(10, 20).play())).toMatchObject({
      removalLagNs: null,
      marginNs: null,
      reAddLagNs: null,
      beforeReady: null,
    });
    const elsewhere = traffic(new RolloutTrace().rollout(10, 20), 60, 9, 100).play();
    expect(only(elsewhere)).toMatchObject({ removalLagNs: 0, marginNs: 20 * S, lastAccepted: null, beforeReady: 0 });
    expect(rolloutOf(elsewhere).headline.neededDelayNs).toBeNull();
  });

  it("is not told by connections that lead past the balancer", () => {
    const trace = new RolloutTrace().rollout(10, 20);
    for (const path of ["local", "peer-1", "direct"]) trace.plan(25, () => trace.fresh(25, "m0", path));
    expect(only(trace.play())).toMatchObject({ acceptedAfterT0: 0, watchedAfterT0: 0, removalLagNs: null });
  });
});

describe("the names of a backend", () => {
  const HANDSHAKE = {
    kind: "tls.handshake.complete",
    protocol: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    alpn: "h2",
    verified: true,
    durationNs: 1e6,
  } as const;
  const learnedAfter = (trace: RolloutTrace, name: string): BackendRollout => {
    trace.rollout(10, 20).plan(15, () => trace.fresh(15, name));
    return only(trace.play());
  };

  it("are joined, also when they are learned late", () => {
    const trace = new RolloutTrace();
    trace.plan(50, () => trace.add({ kind: "backend.named", backend: "m0", alias: "10.0.0.5:6443", by: "pod" }));
    expect(learnedAfter(trace, "10.0.0.5:6443").acceptedAfterT0).toBe(1);
    expect(learnedAfter(new RolloutTrace(), "10.0.0.5:6443").acceptedAfterT0).toBe(0);
  });

  it("by a certificate tell nothing when two backends show it", () => {
    const own = new RolloutTrace().add({ kind: "backend.named", backend: "m0", alias: "ff", by: "certificate" });
    expect(learnedAfter(own as RolloutTrace, "ff").acceptedAfterT0).toBe(1);
    const shared = new RolloutTrace().add(
      { kind: "backend.named", backend: "m0", alias: "ff", by: "certificate" },
      { kind: "backend.named", backend: "m1", alias: "ff", by: "certificate" },
    );
    expect(learnedAfter(shared as RolloutTrace, "ff").acceptedAfterT0).toBe(0);
  });

  it("by the certificate that a connection showed when it was opened, where that is one server's own", () => {
    const shown = (fingerprint: string, told: "before" | "after"): BackendRollout => {
      const trace = new RolloutTrace();
      const named = (): void => {
        trace.add(
          { kind: "backend.named", backend: "m0", alias: "ff", by: "certificate" },
          { kind: "backend.named", backend: "m0", alias: "5a", by: "certificate" },
          { kind: "backend.named", backend: "m1", alias: "5a", by: "certificate" },
        );
      };
      trace.rollout(10, 20);
      trace.plan(told === "before" ? 1 : 40, named);
      trace.plan(15, () => {
        trace.at(15 * S).start(9000, "fresh.tls");
        trace.add({ kind: "tcp.connect.complete", conn: 9000, local: "10.0.0.6:1", remote: "10.0.0.99:6443" });
        trace.add({ ...HANDSHAKE, conn: 9000, fingerprint });
      });
      return only(trace.play());
    };
    expect(shown("ff", "before").acceptedAfterT0).toBe(1);
    expect(shown("ff", "after").acceptedAfterT0).toBe(1);
    // Shared by two, or known of nobody: whose connection it was is not known.
    expect(shown("5a", "before").acceptedAfterT0).toBe(0);
    expect(shown("77", "before").acceptedAfterT0).toBe(0);
  });

  it("two that share an address are one backend, whose markers are put together", () => {
    const trace = new RolloutTrace()
      .marker(10, "termination.started", { backend: "host-a" })
      .marker(11, "termination.started", { backend: "master-0", source: "api.event", said: 9.5, resolution: 1 })
      .add(
        { kind: "backend.named", backend: "host-a", alias: "10.0.0.5:6443", by: "option" },
        { kind: "backend.named", backend: "master-0", alias: "10.0.0.5:6443", by: "pod" },
      ) as RolloutTrace;
    const { rollouts } = rolloutOf(trace.marker(30, "delay.finished", { backend: "host-a" }));
    expect(rollouts).toHaveLength(1);
    expect(rollouts[0]).toMatchObject({ delayNs: 20 * S });
  });

  it("what the host says of itself counts before an address that may be shared", () => {
    const trace = new RolloutTrace().rollout(10, 20).rollout(60, 20, { backend: "m1" });
    trace.plan(15, () => {
      trace.open(15, "m1", "fresh.h2", "vip", "api");
      trace.add({ kind: "backend.identified", conn: trace.last, backend: "m0", by: "disruption.header" });
    });
    expect(rolloutOf(trace.play()).rollouts[0]).toMatchObject({ backend: "m0", acceptedAfterT0: 1 });
  });
});
