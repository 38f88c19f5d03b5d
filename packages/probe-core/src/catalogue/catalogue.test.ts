import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NANOS_PER_SECOND } from "../events/index.js";
import { createExplainer } from "../explain/explainer.js";
import type { CatalogueFacts, FailureFact } from "./catalogue-types.js";
import { matchSignatures, SIGNATURES, signaturesOfExplanation } from "./index.js";
import { joinFacts } from "./join-facts.js";

const S = NANOS_PER_SECOND;

const RESET: FailureFact = {
  of: "connection",
  type: "tcp.reset",
  close: "reset",
  closeNotify: false,
  hairpin: false,
  path: "vip",
  balanced: true,
  t: 100 * S,
  sinceT0Ns: 30 * S,
  atDelayEnd: false,
  inDelay: true,
  wasWell: false,
  count: 1,
};
const EOF: FailureFact = { ...RESET, type: "tcp.closed", close: "abrupt", atDelayEnd: true };
const SILENT_ATTEMPT: FailureFact = {
  ...RESET,
  of: "attempt",
  type: "tcp.timed_out",
  close: null,
  closeNotify: null,
  hairpin: null,
};
const VIP = { path: "vip", balanced: true, attempted: 100, failed: 3 };
const LOCAL = { path: "local", balanced: false, attempted: 100, failed: 0 };
const REFUSED: FailureFact = { ...SILENT_ATTEMPT, type: "tcp.refused" };
const NO_ROLLOUT = { marginNs: null, stoppedWhileChosen: false, beforeReady: null, drainNs: null, openAtStop: 0 };
const MOVED: FailureFact = { ...RESET, wasWell: true };
const IN_HANDSHAKE: FailureFact = { ...RESET, of: "attempt", atDelayEnd: true };
const KEPT: FailureFact = { ...RESET, type: "h2.goaway", close: "graceful", closeNotify: true, wasWell: true };

function facts(failures: readonly FailureFact[], more: Partial<CatalogueFacts> = {}): CatalogueFacts {
  return { from: "run", failures, paths: [VIP, LOCAL], rollout: NO_ROLLOUT, ...more };
}

const ids = (of: CatalogueFacts): string[] => matchSignatures(of).map(({ id }) => id);
const hairpin = { ...RESET, hairpin: true, atDelayEnd: true };

/** For each signature what it fits, and near misses that it must not fit. */
const CASES: Readonly<
  Record<string, { readonly fits: CatalogueFacts; readonly misses: Readonly<Record<string, CatalogueFacts>> }>
> = {
  hairpin: {
    fits: facts([hairpin]),
    misses: {
      "another local IP": facts([RESET]),
      "a GOAWAY that was kept": facts([{ ...hairpin, type: "h2.goaway", close: "graceful" }]),
      "no address": facts([{ ...RESET, hairpin: null }]),
      "silence on the hairpin": facts([{ ...hairpin, type: "h2.ping.timed_out", close: "silent" }]),
    },
  },
  "hairpin-reset": {
    fits: facts([hairpin]),
    misses: {
      "long before the end of the delay": facts([{ ...hairpin, atDelayEnd: false }]),
      "a FIN": facts([{ ...hairpin, type: "tcp.closed", close: "abrupt" }]),
    },
  },
  "exit-before-shutdown": {
    fits: facts([EOF, { ...EOF, t: EOF.t + S / 2 }]),
    misses: {
      "one connection": facts([EOF]),
      "more than a second apart": facts([EOF, { ...EOF, t: EOF.t + 2 * S }]),
      "not at the end of the delay": facts([
        { ...EOF, atDelayEnd: false },
        { ...EOF, atDelayEnd: false },
      ]),
      "TLS said goodbye": facts([
        { ...EOF, closeNotify: true },
        { ...EOF, closeNotify: true },
      ]),
    },
  },
  killed: {
    fits: facts([EOF, RESET, REFUSED]),
    misses: {
      "promises broken, but after a GOAWAY": facts([
        { ...EOF, close: "broken-promise" },
        { ...EOF, close: "broken-promise" },
        REFUSED,
      ]),
      "new connections work": facts([EOF, RESET]),
      "new connections were refused on another path": facts([
        EOF,
        RESET,
        { ...REFUSED, path: "local", balanced: false },
      ]),
      "new connections were refused before": facts([EOF, RESET, { ...REFUSED, t: RESET.t - S }]),
      "still open when the run ended": facts([
        { ...EOF, type: "h2.goaway", close: "alive" },
        { ...EOF, type: "h2.goaway", close: "alive" },
        REFUSED,
      ]),
    },
  },
  "redirect-gap": {
    fits: facts([{ ...SILENT_ATTEMPT, sinceT0Ns: 20 * S }]),
    misses: {
      "when all servers were well": facts([{ ...SILENT_ATTEMPT, inDelay: false }]),
      "held ones fell silent too": facts([
        { ...SILENT_ATTEMPT, sinceT0Ns: 20 * S },
        { ...RESET, type: "h2.ping.timed_out", close: "silent" },
      ]),
      refused: facts([{ ...SILENT_ATTEMPT, type: "tcp.refused", sinceT0Ns: 20 * S }]),
    },
  },
  "no-hairpin": {
    fits: facts([SILENT_ATTEMPT, RESET]),
    misses: {
      "no attempt worked": facts([SILENT_ATTEMPT, RESET], { paths: [{ ...VIP, failed: 100 }, LOCAL] }),
      "direct paths failed too": facts([SILENT_ATTEMPT, RESET], { paths: [VIP, { ...LOCAL, failed: 1 }] }),
      "there is a hairpin": facts([SILENT_ATTEMPT, hairpin]),
    },
  },
  "nlb-terminates": {
    fits: facts([RESET]),
    misses: {
      "on the hairpin": facts([{ ...RESET, hairpin: true }]),
      "servers that were well": facts([{ ...RESET, wasWell: true }]),
      "at the end of the delay, or later": facts([{ ...RESET, atDelayEnd: true, inDelay: false }]),
      "on a direct path": facts([{ ...RESET, balanced: false }]),
    },
  },
  "slow-removal": {
    fits: facts([], { rollout: { ...NO_ROLLOUT, marginNs: -S } }),
    misses: {
      "a second to spare": facts([], { rollout: { ...NO_ROLLOUT, marginNs: S, beforeReady: 0 } }),
      "no rollout": facts([], { rollout: null }),
      "no attempt worked": facts([{ ...SILENT_ATTEMPT, type: "tcp.refused" }], { paths: [{ ...VIP, failed: 100 }] }),
      "one came after T0, and none failed": facts([], {
        rollout: { ...NO_ROLLOUT, marginNs: S, stoppedWhileChosen: true },
      }),
      "on the hairpin alone": facts([hairpin, { ...RESET, hairpin: null }], {
        rollout: { ...NO_ROLLOUT, stoppedWhileChosen: true },
      }),
    },
  },
  "accept-backlog": {
    fits: facts([IN_HANDSHAKE]),
    misses: {
      "on a connection that stood": facts([{ ...RESET, atDelayEnd: true }]),
      "long before": facts([{ ...IN_HANDSHAKE, atDelayEnd: false }]),
      "together with connections that stood": facts([IN_HANDSHAKE, RESET]),
    },
  },
  "forgotten-flow": {
    fits: facts([{ ...RESET, type: "h2.ping.timed_out", close: "silent" }]),
    misses: {
      "new connections fail too": facts([{ ...RESET, type: "h2.ping.timed_out", close: "silent" }], {
        paths: [{ ...VIP, failed: 100 }],
      }),
      "a silent attempt": facts([SILENT_ATTEMPT]),
    },
  },
  "address-moved": {
    fits: facts([RESET, RESET, MOVED]),
    misses: {
      "two of them": facts([RESET, MOVED]),
      "all of one server that goes": facts([RESET, RESET, RESET]),
      "at the end of a delay": facts([MOVED, MOVED, MOVED].map((failure) => ({ ...failure, atDelayEnd: true }))),
      "on the hairpin": facts([MOVED, MOVED, MOVED].map((failure) => ({ ...failure, hairpin: true }))),
    },
  },
  "held-by-watch": {
    fits: facts([], { rollout: { ...NO_ROLLOUT, drainNs: 3 * S, openAtStop: 1 } }),
    misses: {
      "gone after two seconds": facts([], { rollout: { ...NO_ROLLOUT, drainNs: 2 * S, openAtStop: 1 } }),
      "its end was not seen": facts([], { rollout: { ...NO_ROLLOUT, openAtStop: 1 } }),
    },
  },
  "goaway-chance": {
    fits: facts([KEPT]),
    misses: {
      "by a server that goes": facts([{ ...KEPT, wasWell: false }]),
      "a promise that was broken": facts([{ ...KEPT, close: "broken-promise" }]),
      "and new connections failed": facts([KEPT, REFUSED]),
    },
  },
  "drain-429": {
    fits: facts([{ ...RESET, of: "request", type: "http.retry_after", close: null }]),
    misses: { "an error status": facts([{ ...RESET, of: "request", type: "http.error", close: null }]) },
  },
};

describe("the catalogue", () => {
  it("has a case for each signature", () => expect(Object.keys(CASES)).toEqual(SIGNATURES.map(({ id }) => id)));

  describe.each(Object.entries(CASES))("%s", (id, { fits, misses }) => {
    it("fits", () => expect(ids(fits)).toContain(id));
    it.each(Object.entries(misses))("does not fit: %s", (_name, near) => expect(ids(near)).not.toContain(id));
    it("has told what it takes, what it cannot tell, a cause, a fix and a reference", () => {
      const match = matchSignatures(fits).find((each) => each.id === id);
      const signature = SIGNATURES.find((each) => each.id === id);
      expect(match?.held[0]).toBe(signature?.core.text);
      expect((match?.held.length ?? 0) + (match?.notObserved.length ?? 0)).toBe(
        1 + (signature?.conditions.length ?? -1),
      );
      expect(match?.match).toBe(match?.notObserved.length === 0 ? "full" : "partial");
      expect(match?.references.length).toBeGreaterThan(0);
    });
  });

  it("fits nothing where nothing failed", () => expect(matchSignatures(facts([]))).toEqual([]));

  it("takes what was not observed neither for true nor for false", () => {
    const blind = facts(
      [{ ...RESET, hairpin: null, sinceT0Ns: null, atDelayEnd: null, inDelay: null, wasWell: null }],
      {
        paths: [],
        rollout: null,
      },
    );
    const match = matchSignatures(blind).find(({ id }) => id === "nlb-terminates");
    expect(match).toMatchObject({ match: "partial", held: [expect.any(String)] });
    expect(match?.notObserved).toHaveLength(4);
  });

  it("puts what fits best first", () => {
    const shares = matchSignatures(facts([hairpin, RESET, EOF, SILENT_ATTEMPT])).map(
      ({ held, notObserved }) => held.length / (held.length + notObserved.length),
    );
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  });

  it("takes a refused attempt on a balanced path for a backend that the balancer had not let go", () => {
    expect(ids(facts([REFUSED], { rollout: null }))).toContain("slow-removal");
    expect(ids(facts([{ ...REFUSED, balanced: false }]))).not.toContain("slow-removal");
  });

  it("tells what is harmless after what is not, however well it fits", () => {
    const turnedAway = { ...RESET, of: "request", type: "http.retry_after", close: null } as const;
    const matches = matchSignatures(facts([turnedAway, RESET]));
    expect(matches.map(({ match }) => match)).toContain("partial");
    expect(matches.at(-1)).toMatchObject({ id: "drain-429", match: "full", harmless: true });
  });

  describe("reads what several runs saw as one body of evidence", () => {
    const run = (own: CatalogueFacts, from = 0) => ({ facts: own, at: (t: number) => t + from });
    const toOneServer = facts([{ ...RESET, wasWell: null }, RESET]);
    const toAnother = facts([{ ...RESET, wasWell: null }, MOVED]);

    it("what one saw rules out what another took for likely", () => {
      expect(ids(toOneServer)).toEqual(["nlb-terminates"]);
      expect(ids(joinFacts([run(toOneServer), run(toAnother)]))).toEqual(["address-moved"]);
    });

    it("on one axis of time", () => {
      expect(ids(joinFacts([run(toOneServer), run(toAnother, 2 * S)]))).not.toContain("address-moved");
    });

    it("with the worst of their rollouts", () => {
      const worst = { ...NO_ROLLOUT, marginNs: -S, beforeReady: 1, drainNs: S, openAtStop: 2 };
      const rollout = { ...NO_ROLLOUT, marginNs: S, beforeReady: 2, drainNs: 4 * S, openAtStop: 1 };
      expect(joinFacts([run(facts([], { rollout })), run(facts([], { rollout: worst }))]).rollout).toEqual({
        marginNs: -S,
        stoppedWhileChosen: false,
        beforeReady: 3,
        drainNs: 4 * S,
        openAtStop: 3,
      });
      expect(joinFacts([run(facts([], { rollout: null }))]).rollout).toBeNull();
      expect(joinFacts([run(facts([])), run(facts([], { rollout: null }))]).rollout).toEqual(NO_ROLLOUT);
    });
  });

  it("knows the seed's failures again", () => {
    const explainer = createExplainer({ year: 2020, referenceMs: 0 });
    const report = new URL("../../test/fixtures/graceful-termination-report.md", import.meta.url);
    for (const line of readFileSync(report, "utf8").split("\n")) explainer.push(line);
    const matches = signaturesOfExplanation(explainer.finish());
    expect(matches.map(({ id, match }) => [id, match])).toEqual(
      expect.arrayContaining([
        ["hairpin-reset", "full"],
        ["hairpin", "partial"],
        ["exit-before-shutdown", "partial"],
      ]),
    );
    expect(matches[0]?.id).toBe("hairpin-reset");
  });
});
