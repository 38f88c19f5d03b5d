import type { Outcomes, RequestOutcome, SessionExpectation } from "./check.js";

/** GOAWAY, then the server's TLS says goodbye, then FIN. */
export const GRACEFUL: SessionExpectation = { close: "graceful", type: null, closeNotify: true, goaway: 0 };

/** GOAWAY, and then cut with an answer half sent. FIN or RST: see {@link CUT}. */
export const BROKEN_PROMISE = {
  close: "broken-promise",
  type: ["tcp.closed", "tcp.broken_pipe", "tcp.reset"],
  closeNotify: false,
  goaway: 0,
} as const satisfies SessionExpectation;

/** Whatever was done, the session did not notice. */
export const UNTOUCHED: SessionExpectation = { close: "alive", type: null, closeNotify: null, goaway: null };

/**
 * No GOAWAY and no close_notify: the process was gone, or something between cut the connection. FIN or RST is a race of the
 * kernel: it sends RST where the process left bytes of ours unread at its end, and our PINGs, window updates and requests
 * arrive at any time. (FIN, then RST to what we wrote meanwhile, both there when we look, is a broken pipe.) Which of them it
 * was in this run, the packets say.
 */
export const CUT: SessionExpectation = {
  close: ["abrupt", "reset"],
  type: ["tcp.closed", "tcp.broken_pipe", "tcp.reset"],
  closeNotify: false,
  goaway: null,
};

/**
 * After the listener is gone: refused. A few attempts race with it: the kernel resets what waits in the accept queue
 * (before or during the TLS handshake), and a process that ends cuts what it had just accepted.
 */
export const REFUSED_LATER: Outcomes = [
  "null/tcp.refused",
  "null/tcp.reset", // connect(2) itself fails where the RST is there before we look
  "reset/tcp.reset",
  "abrupt/tcp.closed",
  "abrupt/tcp.broken_pipe",
  "local/null",
];

/** The same where a server says GOAWAY to a connection it had just accepted. */
export const REFUSED_LATER_POLITELY: Outcomes = [...REFUSED_LATER, "graceful/null"];

/** Requests lost with connections that were cut or refused. Nothing is provable about those that were sent. */
export const LOST_BY_CUT: readonly RequestOutcome[] = [
  "tcp.refused/no",
  "tcp.reset/no",
  "tcp.closed/no",
  "tcp.broken_pipe/no",
  "tcp.reset/maybe",
  "tcp.closed/maybe",
  "tcp.broken_pipe/maybe",
  "tcp.closed/yes",
  "tcp.reset/yes",
  "tcp.broken_pipe/yes",
];

/** The slow response had its HEADERS, so the server had begun to act on it. */
export const SLOW_CUT: readonly RequestOutcome[] = ["tcp.closed/yes", "tcp.reset/yes", "tcp.broken_pipe/yes"];
