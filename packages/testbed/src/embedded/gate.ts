import { type Answer, type ApiRequest, type Handler, type Responder, statusAnswer, text } from "./exchange.js";
import type { Rest, Watch } from "./rest.js";
import type { StoreClient } from "./store-client.js";

/** What the server does with ordinary requests. */
export type Accepting =
  | "all"
  /** 503, `Retry-After: 1`: those that are read between the drain's begin and GOAWAY. */
  | "none"
  /** 429, `Retry-After: 5`, and the connection's end. */
  | "later";

/** Options of {@link Gate}. */
export interface GateOptions {
  readonly rest: Rest;
  readonly store: StoreClient;
  readonly goawayChance: number;
  readonly random: () => number;
}

/** These answer at any time. */
const EXEMPT = /^\/(readyz|livez|healthz|metrics)(\/|\?|$)/;

const DRAINING = statusAnswer(503, "ServiceUnavailable", "apiserver is shutting down");
const LATER = text(429, "The apiserver is shutting down, please try again later.\n");

/** Everything a request passes on its way to the API and back, and the count of those that are inside. */
export class Gate {
  accepting: Accepting = "all";
  ready = false;
  live = false;
  shuttingDown = false;
  readonly #options: GateOptions;
  readonly #watches = new Set<() => void>();
  #inFlight = 0;
  #onIdle: () => void = () => {};

  constructor(options: GateOptions) {
    this.#options = options;
  }

  readonly handle: Handler = (request, responder) => {
    const exempt = EXEMPT.test(request.path);
    if (!exempt && this.accepting !== "all" && !request.userAgent.startsWith("kube-apiserver/")) {
      if (this.accepting === "later") {
        responder.lastOfItsConnection();
        responder.answer({ ...LATER, retryAfterSeconds: 5 });
      } else {
        responder.answer({ ...DRAINING, retryAfterSeconds: 1 });
      }
      return;
    }
    const { goawayChance, random } = this.#options;
    const goaway = request.protocol === "h2" && goawayChance > 0 && random() < goawayChance;
    if (exempt) {
      if (goaway) responder.lastOfItsConnection();
      responder.answer(this.#health(request.path));
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal !== null) {
      responder.answer(refusal);
      return;
    }
    void this.#serve(request, responder, goaway);
  };

  /** Resolves when no ordinary request is inside; watches are not waited for. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Is an ordinary request inside? */
  get busy(): boolean {
    return this.#inFlight > 0;
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** Ends watches in order, one each `everyMs` (0: all at once). */
  async endWatches(everyMs: number): Promise<void> {
    for (const end of [...this.#watches]) {
      end();
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  async #serve(request: ApiRequest, responder: Responder, goaway: boolean): Promise<void> {
    this.#inFlight += 1;
    try {
      const outcome = await this.#options.rest.ask(request);
      if (goaway) responder.lastOfItsConnection();
      if (outcome.is === "answer") responder.answer(outcome.answer);
      else this.#watch(outcome.watch, responder);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle();
    }
  }

  #watch({ first, wants }: Watch, responder: Responder): void {
    responder.begin();
    const tell = (type: string, object: object): void => responder.write(`${JSON.stringify({ type, object })}\n`);
    for (const object of first) tell("ADDED", object);
    const stop = this.#options.store.watch((change) => {
      if (wants(change)) tell(change.type, change.object);
    });
    const end = (): void => {
      this.#watches.delete(end);
      stop();
      responder.end();
    };
    this.#watches.add(end);
    responder.onGone(() => {
      this.#watches.delete(end);
      stop();
    });
  }

  #refusal({ path, who }: ApiRequest): Answer | null {
    if (who === "anonymous" && !/^\/(version|api|apis)([/?]|$)/.test(path))
      return statusAnswer(401, "Unauthorized", "Unauthorized");
    // Roles are read after the listener opens: until then only those who need none may do anything.
    if (who === "known" && !this.ready && !this.shuttingDown) {
      return statusAnswer(403, "Forbidden", "forbidden: the roles are not loaded yet");
    }
    return null;
  }

  #health(path: string): Answer {
    if (!path.startsWith("/readyz")) {
      return this.live ? text(200, "ok") : text(500, "[-]poststarthook/rbac/bootstrap-roles failed: not finished\n");
    }
    if (this.shuttingDown) return text(500, "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n");
    return this.ready ? text(200, "ok") : text(500, "[-]poststarthook/rbac/bootstrap-roles failed: not finished\n");
  }
}
