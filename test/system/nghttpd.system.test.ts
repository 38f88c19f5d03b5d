import { describe } from "vitest";
import { endedForGood, replaced } from "./support/enough.js";
import { CUT, LOST_BY_CUT, REFUSED_LATER, SLOW_CUT } from "./support/expectations.js";
import { play } from "./support/matrix.js";
import { startNghttpd } from "./support/servers/nghttpd.js";

/** nghttpd knows no graceful stop and no reload: every signal ends it where it stands. */
describe("nghttpd", () => {
  const cut = { held: CUT, idle: CUT, slow: CUT, slowRequest: SLOW_CUT } as const;

  play({
    action: "stopped (SIGTERM; it has no graceful stop)",
    start: () => startNghttpd(),
    act: (nghttpd) => nghttpd.terminate(),
    enough: endedForGood,
    expected: { ...cut, later: REFUSED_LATER, requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "killed (SIGKILL)",
    start: () => startNghttpd(),
    act: (nghttpd) => nghttpd.killAll(),
    enough: endedForGood,
    expected: { ...cut, later: REFUSED_LATER, requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "restarted (SIGTERM, then a new one; it has no reload)",
    start: () => startNghttpd(),
    act: async (nghttpd) => {
      nghttpd.terminate();
      await nghttpd.startAgain();
    },
    enough: replaced,
    expected: {
      ...cut,
      // The new one listens again within milliseconds: an attempt may or may not meet the gap.
      later: ["local/null", ...REFUSED_LATER],
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });

  play({
    action: "without TLS, killed (SIGKILL)",
    start: () => startNghttpd({ tls: false }),
    act: (nghttpd) => nghttpd.killAll(),
    enough: endedForGood,
    expected: {
      held: { ...CUT, closeNotify: null },
      idle: { ...CUT, closeNotify: null },
      slow: { ...CUT, closeNotify: null },
      later: REFUSED_LATER,
      slowRequest: SLOW_CUT,
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });
});
