/** What the caller of a client-go client gets to see of one failed request. */
export type ClientGoFate =
  | "unseen" //       the http2 transport asks again at once, on another connection
  | "retried" //      client-go waits and asks again; the caller only waits longer, if the service is back in time
  | "error" //        the caller gets an error
  | "waits" //        nothing ends the request on this side; the caller's own deadline decides
  | "not-simulated"; // we gave it up, or the evidence does not tell

/** What becomes of a failed request in client-go, from unseen to an error of the caller. */
export const CLIENT_GO_FATES: readonly ClientGoFate[] = ["unseen", "retried", "error", "waits", "not-simulated"];

/** What one kind of caller would have seen of all failed requests. */
export interface ClientGoCaller {
  readonly fates: Readonly<Record<ClientGoFate, number>>;
  /** Of the retried ones: those that ran out of retries before the service was back, and so got an error after all. */
  readonly retriesExhausted: number;
  /** Longest time from a failure to the answer or the error that the caller saw; `null` where no request failed. */
  readonly longestWaitNs: number | null;
}

/** Each failed request run through client-go's rules, as if it had been a kubelet's GET, and as if a controller's POST. */
export interface ClientGoSummary {
  readonly requests: number;
  readonly kubeletGet: ClientGoCaller;
  readonly controllerPost: ClientGoCaller;
  /** Requests by the rule that decided, by its name. */
  readonly byRule: Readonly<Record<string, number>>;
}
