import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NANOS_PER_SECOND } from "../events/index.js";
import { createExplainer } from "../explain/explainer.js";
import type { CatalogueFacts, FailureFact } from "./catalogue-types.js";
import { matchSignatures, SIGNATURES, signaturesOfExplanation } from "./index.js";

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
const NO_ROLLOUT = { marginNs: null, stoppedWhileChosen: false, beforeReady: null };

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
    fits: facts([EOF, RESET, { ...SILENT_ATTEMPT, type: "tcp.refused" }]),
    misses: {
      "promises broken, but after a GOAWAY": facts([
        { ...EOF, close: "broken-promise" },
        { ...EOF, close: "broken-promise" },
        { ...SILENT_ATTEMPT, type: "tcp.refused" },
      ]),
      "new connections work": facts([EOF, RESET]),
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
      "on the hairpin alone": facts([hairpin, { ...RESET, hairpin: null }], {
        rollout: { ...NO_ROLLOUT, stoppedWhileChosen: true },
      }),
    },
  },
  "accept-backlog": {
    fits: facts([{ ...RESET, of: "attempt", atDelayEnd: true }]),
    misses: {
      "on a connection that stood": facts([{ ...RESET, atDelayEnd: true }]),
      "long before": facts([{ ...RESET, of: "attempt", atDelayEnd: false }]),
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
    fits: facts([RESET, RESET, { ...RESET, wasWell: true }]),
    misses: {
      "two of them": facts([RESET, { ...RESET, wasWell: true }]),
      "all of one server that goes": facts([RESET, RESET, RESET]),
      "at the end of a delay": facts(
        [RESET, RESET, RESET].map((failure) => ({ ...failure, wasWell: true, atDelayEnd: true })),
      ),
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
    expect(ids(facts([{ ...SILENT_ATTEMPT, type: "tcp.refused" }], { rollout: null }))).toContain("slow-removal");
    expect(ids(facts([{ ...SILENT_ATTEMPT, type: "tcp.refused", balanced: false }]))).not.toContain("slow-removal");
  });

  it("tells what is harmless after what is not, however well it fits", () => {
    const turnedAway = { ...RESET, of: "request", type: "http.retry_after", close: null } as const;
    const matches = matchSignatures(facts([turnedAway, RESET]));
    expect(matches.map(({ match }) => match)).toContain("partial");
    expect(matches.at(-1)).toMatchObject({ id: "drain-429", match: "full", harmless: true });
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
