import { describe, expect, it, vi } from "vitest";
import { findScenario, SCENARIOS } from "../src/scenarios/index.js";
import { BarePlayer } from "./bare-player.js";

/** The failure types a run's first second must prove to be told apart. */
const SELF_TEST_MUST_SHOW = [
  "tcp.closed",
  "tcp.reset",
  "tcp.broken_pipe",
  "tcp.refused",
  "tls.cert.authority_invalid",
  "tls.alpn.refused",
  "h2.goaway",
  "h2.ping.timed_out",
  "h2.protocol.error",
  "h2.stream.refused",
  "http.retry_after",
  "http.response.truncated",
  "request.timed_out",
];

describe("the scenarios", () => {
  it("have names of their own", () => {
    const names = SCENARIOS.map((s) => s.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("are found by name", () => {
    expect(findScenario("epipe")?.title).toContain("EPIPE");
    expect(findScenario("no such one")).toBeUndefined();
  });

  it("of the self-test show every failure class and every close a fault can bring about", () => {
    const shown = SCENARIOS.filter((s) => s.selfTest).flatMap((s) => [
      ...s.expected.connections.map((c) => c.type),
      ...s.expected.requests.map((r) => r.type),
    ]);
    expect(SELF_TEST_MUST_SHOW.filter((type) => !shown.includes(type))).toEqual([]);
    const closes = SCENARIOS.filter((s) => s.selfTest).flatMap((s) => s.expected.connections.map((c) => c.close));
    for (const close of ["graceful", "broken-promise", "abrupt", "reset", "silent", "local"])
      expect(closes).toContain(close);
  });

  it("expect requests lost only where the plan has requests", () => {
    for (const { name, plan, expected } of SCENARIOS) {
      const { held, freshH2, watch, slow } = plan.lanes;
      const asks = [held, freshH2, watch, slow].some((lane) => lane !== undefined);
      if (!asks) expect([name, expected.requests, expected.minOk]).toEqual([name, [], 0]);
    }
  });
});

describe("each scenario can be played to its end by a client that knows nothing of it", () => {
  const playable = SCENARIOS.filter(({ needs = [] }) =>
    needs.every((n) => (n === "linux" ? process.platform === "linux" : process.getuid?.() === 0)),
  );

  it.each(playable.map((s) => [s.name, s] as const))("%s", async (_name, scenario) => {
    const running = await scenario.start(1);
    const player = new BarePlayer(scenario, running);
    await running.fired;
    await running.settled;
    await player.stop();
    await running.close();
    await vi.waitFor(() =>
      expect(process.getActiveResourcesInfo().filter((r) => /^(TCP|Process|MessagePort)/.test(r))).toEqual([]),
    );
  });

  it.each(playable.map((s) => [s.name, s] as const))(
    "%s can be closed before anything came of it",
    async (_name, scenario) => {
      const running = await scenario.start(1);
      await running.close();
      await vi.waitFor(() =>
        expect(process.getActiveResourcesInfo().filter((r) => /^(TCP|Process|MessagePort)/.test(r))).toEqual([]),
      );
    },
  );
});
