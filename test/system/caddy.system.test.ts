import { describe } from "vitest";
import { endedForGood, replaced } from "./support/enough.js";
import {
  BROKEN_PROMISE,
  CUT,
  GRACEFUL,
  LOST_BY_CUT,
  REFUSED_LATER,
  REFUSED_LATER_POLITELY,
  SLOW_CUT,
} from "./support/expectations.js";
import { play } from "./support/matrix.js";
import { startCaddy } from "./support/servers/caddy.js";

describe("caddy", () => {
  play({
    action: "stopped gracefully (SIGTERM, grace 2 s)",
    start: () => startCaddy({ gracePeriod: "2s" }),
    act: (caddy) => caddy.terminate(),
    enough: endedForGood,
    expected: {
      held: GRACEFUL,
      idle: GRACEFUL,
      // When the grace is over caddy cuts the proxy from its upstream and ends its process. The proxy ends the half answer
      // with END_STREAM, as if it were whole: whether that still gets out before the process is gone is a race.
      slow: { ...BROKEN_PROMISE, close: ["broken-promise", "graceful"], type: [...BROKEN_PROMISE.type, null] },
      later: REFUSED_LATER_POLITELY,
      slowRequest: [...SLOW_CUT, "http.response.truncated/yes"],
      requests: ["h2.goaway/no", ...LOST_BY_CUT],
      verdict: "fail",
    },
  });

  play({
    action: "stopped at once (SIGQUIT)",
    start: () => startCaddy(),
    act: (caddy) => caddy.quit(),
    enough: endedForGood,
    expected: {
      held: CUT,
      idle: CUT,
      slow: CUT,
      later: REFUSED_LATER,
      slowRequest: SLOW_CUT,
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });

  play({
    action: "killed (SIGKILL)",
    start: () => startCaddy(),
    act: (caddy) => caddy.killAll(),
    enough: endedForGood,
    expected: {
      held: CUT,
      idle: CUT,
      slow: CUT,
      later: REFUSED_LATER,
      slowRequest: SLOW_CUT,
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });

  play({
    action: "reloaded (`caddy reload`)",
    start: () => startCaddy(),
    act: (caddy) => caddy.reload(),
    enough: replaced,
    expected: {
      held: GRACEFUL,
      idle: GRACEFUL,
      slow: GRACEFUL,
      // The old process may say GOAWAY to a connection it had just accepted.
      later: ["local/null", "graceful/null"],
      // A reload does not wait for the grace: caddy cuts the proxy from its upstream ("aborting with incomplete response" in
      // its log) and ends the half answer with END_STREAM. Only the content length tells that it is not whole.
      slowRequest: "http.response.truncated/yes",
      requests: ["h2.goaway/no"],
      verdict: "fail",
    },
  });
});
