import { describe } from "vitest";
import { endedForGood, refused, replaced, servedStill } from "./support/enough.js";
import { CUT, LOST_BY_CUT, REFUSED_LATER, SLOW_CUT, UNTOUCHED } from "./support/expectations.js";
import { play } from "./support/matrix.js";
import { startHaproxy } from "./support/servers/haproxy.js";

/** In tcp mode haproxy sees bytes: it can neither say GOAWAY nor close_notify, whatever is done to it. */
describe("haproxy in front of nghttpd", () => {
  const cut = { held: CUT, idle: CUT, slow: CUT, slowRequest: SLOW_CUT } as const;

  play({
    action: "stopped gracefully (SIGUSR1)",
    start: () => startHaproxy(),
    act: (haproxy) => haproxy.softStop(),
    enough: async (run) => {
      await refused(run);
      await servedStill(run);
    },
    expected: {
      held: UNTOUCHED,
      idle: UNTOUCHED,
      slow: UNTOUCHED,
      later: REFUSED_LATER,
      slowRequest: "abandoned/maybe",
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });

  play({
    action: "stopped gracefully, `hard-stop-after 1s`",
    start: () => startHaproxy({ hardStopAfter: "1s" }),
    act: (haproxy) => haproxy.softStop(),
    enough: endedForGood,
    expected: { ...cut, later: REFUSED_LATER, requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "stopped at once (SIGTERM)",
    start: () => startHaproxy(),
    act: (haproxy) => haproxy.stop(),
    enough: endedForGood,
    expected: { ...cut, later: REFUSED_LATER, requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "killed (SIGKILL, all processes)",
    start: () => startHaproxy(),
    act: (haproxy) => haproxy.killAll(),
    enough: endedForGood,
    expected: { ...cut, later: REFUSED_LATER, requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "reloaded (SIGUSR2), `hard-stop-after 1s`",
    start: () => startHaproxy({ hardStopAfter: "1s" }),
    act: (haproxy) => haproxy.reload(),
    enough: replaced,
    expected: { ...cut, later: ["local/null"], requests: LOST_BY_CUT, verdict: "fail" },
  });

  play({
    action: "sessions shut (`shutdown sessions server`)",
    start: () => startHaproxy(),
    act: (haproxy) => haproxy.shutdownSessions(),
    enough: replaced,
    // A fresh connection may be shut with the others.
    expected: {
      ...cut,
      later: ["local/null", "abrupt/tcp.closed", "reset/tcp.reset"],
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });

  play({
    action: "backend killed (SIGKILL)",
    start: () => startHaproxy(),
    act: (haproxy) => haproxy.backend.killAll(),
    enough: async (run) => {
      await run.until("old sessions closed", (seen) => seen.atMark().every((connection) => connection.closed));
      await run.until("fresh attempts without a backend", (seen) => {
        const after = [...seen.connections.values()].filter((connection) => connection.afterMark && connection.closed);
        return ["fresh.tcp", "fresh.tls", "fresh.h2"].every(
          (lane) => after.filter((connection) => connection.lane === lane).length >= 3,
        );
      });
    },
    expected: {
      ...cut,
      // haproxy itself accepts, finds no backend, and ends the connection before the TLS handshake. A fresh.tcp attempt is
      // content with the accept: it mostly has closed before that.
      later: {
        "fresh.tcp": ["local/null", "abrupt/tcp.closed", "reset/tcp.reset"],
        "fresh.tls": ["abrupt/tcp.closed", "reset/tcp.reset", "abrupt/tcp.broken_pipe"],
        "fresh.h2": ["abrupt/tcp.closed", "reset/tcp.reset", "abrupt/tcp.broken_pipe"],
      },
      requests: LOST_BY_CUT,
      verdict: "fail",
    },
  });
});
