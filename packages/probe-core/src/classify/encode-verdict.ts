import type { Verdict } from "./verdict-types.js";

/**
 * A verdict as one line of a log, without the line feed. The only encoder there is, used live and in replay, with a fixed order of
 * keys: equal verdicts give equal bytes.
 */
export function encodeVerdict(verdict: Verdict): string {
  if ("request" in verdict) {
    const { kind, scope, type, processed, conn, stream, request } = verdict;
    const { path, lane, method, url, status, t, u, evidence } = verdict;
    return JSON.stringify({
      kind,
      scope,
      type,
      processed,
      conn,
      stream,
      request,
      path,
      lane,
      method,
      url,
      status,
      t,
      u,
      evidence,
    });
  }
  const { kind, scope, conn, path, lane, local, remote, close, type, closeNotify, requestsInFlight, t, u, evidence } =
    verdict;
  const goaways = verdict.goaways.map(({ lastStreamId, errorCode, debug }) => ({ lastStreamId, errorCode, debug }));
  return JSON.stringify({
    kind,
    scope,
    conn,
    path,
    lane,
    local,
    remote,
    close,
    type,
    closeNotify,
    goaways,
    requestsInFlight,
    t,
    u,
    evidence,
  });
}
