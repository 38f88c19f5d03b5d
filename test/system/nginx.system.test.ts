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
import { startNginx } from "./support/servers/nginx.js";

describe("nginx", () => {
  play({
    action: "stopped gracefully (`-s quit`)",
    start: () => startNginx(),
    act: (nginx) => nginx.quit(),
    enough: endedForGood,
    expected: {
      held: GRACEFUL,
      idle: GRACEFUL,
      slow: GRACEFUL,
      later: REFUSED_LATER_POLITELY,
      slowRequest: "ok",
      requests: ["h2.goaway/no", ...LOST_BY_CUT],
      verdict: "fail",
    },
  });

  play({
    action: "stopped gracefully, `worker_shutdown_timeout 1s`",
    start: () => startNginx({ shutdownTimeout: "1s" }),
    act: (nginx) => nginx.quit(),
    enough: endedForGood,
    expected: {
      held: GRACEFUL,
      idle: GRACEFUL,
      slow: BROKEN_PROMISE,
      later: REFUSED_LATER_POLITELY,
      slowRequest: SLOW_CUT,
      requests: ["h2.goaway/no", ...LOST_BY_CUT],
      verdict: "fail",
    },
  });

  play({
    action: "stopped at once (`-s stop`)",
    start: () => startNginx(),
    act: (nginx) => nginx.stop(),
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
    action: "killed (SIGKILL, all processes)",
    start: () => startNginx(),
    act: (nginx) => nginx.killAll(),
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
    action: "reloaded (`-s reload`)",
    start: () => startNginx(),
    act: (nginx) => nginx.reload(),
    enough: replaced,
    expected: {
      held: GRACEFUL,
      idle: GRACEFUL,
      slow: GRACEFUL,
      // The old process may say GOAWAY to a connection it had just accepted.
      later: ["local/null", "graceful/null"],
      slowRequest: "ok",
      requests: ["h2.goaway/no"],
      verdict: "pass",
    },
  });
});
