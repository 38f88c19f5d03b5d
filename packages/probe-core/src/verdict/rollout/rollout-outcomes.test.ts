import { describe, expect, it } from "vitest";
import { only, RolloutTrace, rolloutOf, S, traffic } from "../../../test/rollout-trace.js";
import { fin, foldAll, HEADER, rst, Trace } from "../../../test/trace-builder.js";
import type { LogRecord } from "../../events/index.js";
import { createFold } from "../fold.js";
import type { BackendRollout } from "./rollout-types.js";

describe("failures", () => {
  /** A held connection to m0 with a request in flight that is reset at `at`. */
  function cutAt(at: number, backend: string | null = "m0", path = "vip"): RolloutTrace {
    const trace = new RolloutTrace().rollout(10, 20);
    trace.marker(0.5, "readyz.green", { source: "readyz", resolution: 0.5 });
    trace.plan(1, () => trace.open(1, backend, "held", path));
    trace.plan(at, () => {
      trace.ask(at - 0.2, 1, "POST", path);
      trace
        .at(at * S)
        .add(rst(1))
        .closed(1);
    });
    return trace.play();
  }

  it.each<[string, number, number | null]>([
    ["serving", 9.5, null],
    ["terminating-not-ready", 10.5, 0.5],
    ["terminating-not-ready", 25.99, 15.99],
    ["late", 26.01, 16.01],
    ["late", 29.9, 19.9],
    ["refusing-or-429", 30.5, 20.5],
    ["down", 31.2, 21.2],
    ["starting-not-ready", 34, 24],
    ["ready", 40, 30],
  ])("are put in their phase: %s at %d s", (phase, at, since) => {
    const { incidents, requests, byPhase } = rolloutOf(cutAt(at));
    const sinceT0Ns = since === null ? null : expect.closeTo(since * S, -4);
    const placed = { backend: "m0", phase, by: "connection", sinceT0Ns };
    expect(incidents).toEqual([{ conn: 1, t: at * S, ...placed }]);
    expect(requests).toEqual([{ request: 1, conn: 1, t: at * S, type: "tcp.reset", processed: "maybe", ...placed }]);
    expect(byPhase).toEqual([{ backend: "m0", phase, incidents: 1, requests: 1, unsafeToRetry: 1 }]);
  });

  it("are put where the server was on its way, inside the error of that moment", () => {
    const placedAt = (at: number, resolution: number) => {
      const trace = new RolloutTrace();
      trace.open(1, "m0");
      trace
        .at(at * S)
        .add(rst(1))
        .closed(1);
      trace.marker(40, "termination.started", { source: "api.event", said: 15, resolution });
      return rolloutOf(trace).incidents[0];
    };
    expect(placedAt(15.2, 1)).toMatchObject({ phase: "terminating-not-ready", sinceT0Ns: 0 });
    expect(placedAt(14.8, 1)).toMatchObject({ phase: "serving", sinceT0Ns: null });
  });

  it("on a connection to an unknown backend are put beside the only one that was going", () => {
    expect(rolloutOf(cutAt(15, null)).incidents[0]).toMatchObject({ backend: "m0", by: "time" });
    expect(rolloutOf(cutAt(5, null)).incidents[0]).toMatchObject({ backend: null, phase: null, by: null });
  });

  it("and nowhere, when two were going", () => {
    const trace = new RolloutTrace().rollout(10, 20).rollout(11, 20, { backend: "m1" });
    trace.plan(1, () => trace.open(1, null));
    trace.plan(15, () =>
      trace
        .at(15 * S)
        .add(rst(1))
        .closed(1),
    );
    expect(rolloutOf(trace.play()).incidents[0]).toMatchObject({ backend: null, by: null });
  });

  it("past the balancer are told by the address", () => {
    const trace = new RolloutTrace().rollout(10, 20).rollout(12, 20, { backend: "m1" });
    trace.add({ kind: "backend.named", backend: "m1", alias: "10.0.0.2:6443", by: "option" });
    trace.plan(15, () => {
      trace.at(15 * S).start(1, "held", "peer-1");
      trace.add({ kind: "tcp.connect.failed", conn: 1, code: "ECONNREFUSED", syscall: "connect", errno: -111 });
    });
    expect(rolloutOf(trace.play()).incidents[0]).toMatchObject({ backend: "m1", by: "connection" });
  });

  it("whose markers come after them are placed as well", () => {
    const trace = new RolloutTrace();
    trace.marker(0.5, "readyz.green", { source: "readyz", resolution: 0.5 });
    trace.open(1, "m0");
    trace
      .at(15 * S)
      .add(rst(1))
      .closed(1);
    trace.marker(40, "termination.started", { source: "api.event", said: 10, resolution: 1 });
    expect(rolloutOf(trace).incidents[0]).toMatchObject({ phase: "terminating-not-ready", sinceT0Ns: 4.5 * S });
  });
});

describe("requests in flight", () => {
  function flight(play: (trace: RolloutTrace) => void): BackendRollout {
    const trace = new RolloutTrace().rollout(10, 20);
    trace.plan(1, () => trace.open(1, "m0"));
    play(trace);
    return only(trace.play());
  }
  const request = (trace: RolloutTrace, sent: number, done: (id: number) => void, doneAt: number): void => {
    let id = 0;
    trace.plan(sent, () => {
      id = trace.ask(sent, 1);
    });
    trace.plan(doneAt, () => done(id));
  };

  it("are those open when the server stopped taking new ones, and those lost since T0", () => {
    const { inFlight } = flight((trace) => {
      for (const [sent, done] of [
        [5, 6], //      long before
        [12, 13], //    answered in the delay
        [29, 30.5], //  open at the stop, answered
        [29.5, 40], //  open at the stop, answered late
      ] as const) {
        request(trace, sent, (id) => trace.reply(done, id, 1), done);
      }
    });
    expect(inFlight).toEqual({ total: 2, completed: 2, turnedAway: 0, cut: 0, abandoned: 0, share: 1 });
  });

  it("cut or turned away from T0 on are counted, also in the middle of the delay", () => {
    const { inFlight, connectionsEnded, connectionsBroken } = flight((trace) => {
      request(trace, 14, () => {}, 14.1);
      request(trace, 14.5, () => {}, 14.6);
      trace.plan(15, () =>
        trace
          .at(15 * S)
          .goaway(1, 0, 1)
          .add(fin(1))
          .closed(1),
      );
    });
    expect(inFlight).toMatchObject({ total: 2, turnedAway: 1, cut: 1, share: 0 });
    expect({ connectionsEnded, connectionsBroken }).toEqual({ connectionsEnded: 1, connectionsBroken: 1 });
  });

  it("to the next process are not those of the one that went", () => {
    const trace = new RolloutTrace().rollout(10, 20);
    trace.plan(34, () => trace.open(34, "m0"));
    trace.plan(34.1, () => trace.ask(34.1, 1));
    trace.plan(35, () =>
      trace
        .at(35 * S)
        .add(rst(1))
        .closed(1),
    );
    expect(only(trace.play())).toMatchObject({ inFlight: { total: 0, share: null }, connectionsEnded: 0 });
  });
});

describe("the objectives", () => {
  /** A rollout as it should be: new connections throughout, a request in flight, and a GOAWAY that is kept. */
  function good(): RolloutTrace {
    const trace = traffic(new RolloutTrace().rollout(10, 20), 60, 22, 40);
    let held = 0;
    trace.plan(0.4, () => {
      trace.open(0.4, "m0");
      held = trace.last;
    });
    trace.plan(29.2, () => void trace.ask(29.2, held));
    trace.plan(30.1, () => trace.at(30.1 * S).goaway(1, 0, held));
    trace.plan(30.6, () => trace.reply(30.6, 1, held));
    trace.plan(31.2, () =>
      trace
        .at(31.2 * S)
        .add(fin(held))
        .closed(held),
    );
    return trace;
  }
  const results = (trace: RolloutTrace): string[] => rolloutOf(trace).objectives.map(({ result }) => result);

  it("are met by a rollout as it should be", () => {
    const trace = good().play();
    expect(rolloutOf(trace).objectives).toEqual([
      expect.objectContaining({ name: "new-connections-accepted", result: "pass" }),
      expect.objectContaining({
        name: "in-flight-requests-completed",
        text: "in-flight requests are given enough time to complete",
        result: "pass",
        why: "all 1 requests in flight were answered",
      }),
      expect.objectContaining({ name: "no-connection-broken", result: "pass" }),
    ]);
    expect(foldAll(trace).summary).toMatchObject({ verdict: "pass", incidents: [] });
  });

  it("new connections: fail when none works for longer than the grace period, and only then", () => {
    const gap = (): RolloutTrace => {
      const trace = good();
      // Traffic comes every half second: an attempt that fails between two of them.
      trace.plan(12.6, () => {
        trace.at(12.6 * S).start(9000, "fresh.h2");
        trace.add({ kind: "tcp.connect.failed", conn: 9000, code: "ECONNREFUSED", syscall: null, errno: null });
      });
      return trace.play();
    };
    const lenient = foldAll(gap(), { thresholds: { maxConnectionFailures: 1 } }).summary;
    expect(lenient.rollout?.objectives[0]).toMatchObject({ result: "pass" });
    expect(lenient.rollout?.headline.longestNewConnectionGapNs).toBeGreaterThan(0.3 * S);
    const strict = foldAll(gap(), {
      thresholds: { maxConnectionFailures: 1 },
      objectives: { newConnectionGraceNs: 0.1 * S },
    }).summary;
    expect(strict.rollout?.objectives[0]).toMatchObject({ result: "fail" });
    expect(strict.verdict).toBe("fail");
  });

  /** A rollout in which all goes well, but for one attempt to reach m0 itself that fails so at `at`. */
  function refused(at: number, code = "ECONNREFUSED", path = "local"): ReturnType<typeof foldAll>["summary"] {
    const trace = good();
    trace.plan(0.1, () => trace.add({ kind: "backend.named", backend: "m0", alias: "10.0.0.2:6443", by: "option" }));
    trace.plan(at, () => {
      trace.at(at * S).start(9000, "held", path);
      trace.add({ kind: "tcp.connect.failed", conn: 9000, code, syscall: "connect", errno: null });
    });
    return foldAll(trace.play()).summary;
  }

  it.each([15, 27, 30.5, 31.5, 34])("attempts that meet no listener while it is away do not count: at %d s", (at) => {
    const summary = refused(at);
    expect(summary.rollout?.allowed).toEqual({ incidents: 1, requests: 0 });
    expect(summary.thresholds).toContainEqual({ name: "maxConnectionFailures", limit: 0, seen: 0, ok: true });
    expect(summary).toMatchObject({ verdict: "pass", incidents: [{ type: "tcp.refused" }] });
  });

  it.each([5, 45])("and do when it should be there: at %d s", (at) => {
    const summary = refused(at);
    expect(summary.rollout?.allowed).toEqual({ incidents: 0, requests: 0 });
    expect(summary.verdict).toBe("fail");
  });

  /** A rollout in which all goes well, but for a request that `backend` leaves unserved by its GOAWAY at 45 s. */
  function turnedAway(backend: string | null): ReturnType<typeof foldAll>["summary"] {
    const trace = good();
    let conn = 0;
    trace.plan(44.1, () => {
      trace.open(44.1, backend);
      conn = trace.last;
    });
    trace.plan(45.1, () => {
      trace.ask(45.1, conn, "POST");
      trace
        .at(45.2 * S)
        .goaway(0, 0, conn)
        .at(45.3 * S)
        .add(fin(conn))
        .closed(conn);
    });
    return foldAll(trace.play()).summary;
  }

  it.each(["m9", null])(
    "what a GOAWAY leaves unserved does not count where no marker tells of its server: %s",
    (backend) => {
      const summary = turnedAway(backend);
      expect(summary).toMatchObject({ verdict: "pass", incidents: [{ type: "h2.goaway", close: "graceful" }] });
      expect(summary.rollout?.allowed).toEqual({ incidents: 1, requests: 0 });
    },
  );

  it("and does where its server was there to serve", () => {
    expect(turnedAway("m0")).toMatchObject({ verdict: "fail", rollout: { allowed: { incidents: 0, requests: 0 } } });
  });

  /** A rollout in which all goes well, but for an answer 403 to what is asked at `at`. */
  function forbidden(at: number, path: string, tookS = 0.01): ReturnType<typeof foldAll>["summary"] {
    const trace = good();
    let conn = 0;
    trace.plan(at - 0.1, () => {
      trace.open(at - 0.1, "m0", "held", path);
      conn = trace.last;
    });
    trace.plan(at, () => {
      const request = trace.ask(at, conn, "GET", path);
      trace
        .at((at + tookS) * S)
        .headers(request, { conn, status: 403 })
        .end(request, 10, conn);
    });
    return foldAll(trace.play()).summary;
  }

  it("errors of a server that is not ready do not count past the balancer, where nobody else asks it", () => {
    expect(forbidden(34, "local")).toMatchObject({ rollout: { allowed: { incidents: 0, requests: 1 } } });
    expect(forbidden(34, "local").thresholds).toContainEqual(
      expect.objectContaining({ name: "maxRequestFailures", seen: 0 }),
    );
  });

  // Seen green at 36.14 s by a poll every 0.1 s: the server was ready at some time in the 0.1 s before.
  it.each([
    ["asked before it was ready, answered after", 35.9, 0.5],
    ["asked when it may not have been ready", 36.13, 0.2],
  ])("nor when it was %s", (_, at, tookS) => {
    const { rollout } = forbidden(at, "local", tookS);
    expect(rollout?.allowed).toEqual({ incidents: 0, requests: 1 });
    expect(rollout?.requests).toMatchObject([{ phase: "starting-not-ready" }]);
  });

  it.each([
    ["through it, where clients are", 34, "vip"],
    ["asked as soon as it was surely ready", 36.15, "local"],
    ["once it is ready", 45, "local"],
  ])("and do %s", (_, at, path) => {
    expect(forbidden(at, path)).toMatchObject({ verdict: "fail", rollout: { allowed: { requests: 0 } } });
  });

  it("connections that were cut always count, and requests that may have been acted on", () => {
    const trace = good();
    trace.plan(14, () => trace.open(14, "m0", "held", "local"));
    let conn = 0;
    trace.plan(14, () => {
      conn = trace.last;
    });
    trace.plan(29.3, () => {
      trace.ask(29.3, conn, "GET", "local");
      trace.add(rst(conn)).closed(conn);
    });
    const { rollout, verdict } = foldAll(trace.play()).summary;
    expect(rollout?.allowed).toEqual({ incidents: 0, requests: 0 });
    expect(verdict).toBe("fail");
  });

  it("in flight: fail when one was cut", () => {
    const trace = good();
    trace.plan(0.5, () => trace.open(0.5, "m0"));
    trace.plan(29.4, () => void trace.ask(29.4, trace.last));
    const summary = rolloutOf(
      (() => {
        let conn = 0;
        const other = good();
        other.plan(0.45, () => {
          other.open(0.45, "m0");
          conn = other.last;
        });
        other.plan(29.3, () => void other.ask(29.3, conn));
        other.plan(30.2, () =>
          other
            .at(30.2 * S)
            .add(rst(conn))
            .closed(conn),
        );
        return other.play();
      })(),
    );
    expect(summary.objectives.map(({ result }) => result)).toEqual(["pass", "fail", "fail"]);
    expect(summary.headline.inFlight).toMatchObject({ completed: 1, cut: 1, share: 0.5 });
    expect(summary.objectives[1]?.why).toBe("1 of 2 requests in flight were cut");
  });

  it("in flight: fail when a request is cut while a backend goes, though its own is not known", () => {
    const trace = good();
    let conn = 0;
    trace.plan(0.45, () => {
      trace.open(0.45, null);
      conn = trace.last;
    });
    trace.plan(29.3, () => void trace.ask(29.3, conn));
    trace.plan(30.2, () =>
      trace
        .at(30.2 * S)
        .add(rst(conn))
        .closed(conn),
    );
    expect(results(trace.play())).toEqual(["pass", "fail", "fail"]);
  });

  it("broken: a connection that is closed without a GOAWAY is, though nothing was lost with it", () => {
    const trace = good();
    let conn = 0;
    trace.plan(0.45, () => {
      trace.open(0.45, "m0", "idle");
      conn = trace.last;
    });
    trace.plan(30.2, () =>
      trace
        .at(30.2 * S)
        .add(fin(conn))
        .closed(conn),
    );
    expect(results(trace.play())).toEqual(["pass", "pass", "fail"]);
  });

  it("are open where nothing of the kind was watched", () => {
    expect(results(new RolloutTrace().rollout(10, 20).play())).toEqual([
      "inconclusive",
      "inconclusive",
      "inconclusive",
    ]);
    const { coverage } = foldAll(new RolloutTrace().rollout(10, 20).play()).summary;
    expect(coverage.insufficient.filter((reason) => reason.startsWith("whether "))).toHaveLength(3);
  });

  it("are open where a rollout was seen in part only", () => {
    const trace = good();
    trace.rollout(50, 20, { backend: "m2", down: 71, up: 72, ready: 73 });
    const cut = trace.play().events.filter(({ t }) => t < 60 * S);
    const { rollout } = foldAll([HEADER, ...cut]).summary;
    expect(rollout?.objectives.map(({ result }) => result)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    expect(rollout?.objectives[1]?.why).toBe("1 of 2 rollouts were seen from T0 to the next green /readyz");
  });
});

describe("in a live run", () => {
  it("the snapshot says what each backend does now", () => {
    const fold = createFold();
    fold.push(HEADER);
    const trace = new RolloutTrace().rollout(10, 20).play();
    const seen: string[] = [];
    for (const event of trace.events) {
      fold.push(event);
      const [now] = fold.snapshot().backends ?? [];
      if (now !== undefined && seen.at(-1) !== now.phase) seen.push(now.phase);
    }
    // Late is known when D is: in hindsight, and so not here.
    expect(seen).toEqual(["terminating-not-ready", "refusing-or-429", "down", "starting-not-ready", "ready"]);
  });

  it("writes that were read back are counted", () => {
    const log: LogRecord[] = [HEADER];
    const trace = new Trace().add(
      { kind: "write.resolved", request: 1, conn: 2, applied: "yes" },
      { kind: "write.resolved", request: 2, conn: 2, applied: "no" },
      { kind: "write.resolved", request: 3, conn: 2, applied: "yes" },
      { kind: "write.resolved", request: 4, conn: 2, applied: "unknown" },
    );
    const { summary } = foldAll([...log, ...trace.events]);
    expect(summary.writes).toEqual({ applied: 2, notApplied: 1, unknown: 1 });
    expect(summary.rollout).toBeNull();
  });
});
