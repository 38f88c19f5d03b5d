import { backgroundTimer } from "../../clock/background-timer.js";
import type { Timer } from "../../clock/clock.js";
import { DrainprobeError } from "../../errors.js";
import { fault, type Place } from "../kubeconfig/fault.js";
import type { Notify } from "../notice.js";
import type { ExecCredential } from "./exec-credential.js";
import type { ChangingText } from "./source.js";

/** A credential is renewed when this part of its life is over, but not more than {@link MOST_EARLY_MS} early. */
const RENEW_AFTER_SHARE = 0.8;
const MOST_EARLY_MS = 300_000;
const SHORTEST_WAIT_MS = 250;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A plugin is not run more often than this because of what servers answer. */
const REFUSAL_WAIT_MS = 5_000;
/** Node's longest timer. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export interface ExecDeps {
  /** Runs the plugin once. Throws `CREDENTIALS_UNREADABLE`. */
  readonly run: () => Promise<ExecCredential>;
  readonly place: Place;
  readonly notify: Notify;
  readonly nowMs: () => number;
}

/**
 * Keeps the credential of an exec plugin fresh. It is renewed in the background before it expires, so that no connection waits
 * for a program; where that fails it is told once, tried again, and the old one serves on: the server decides what it is worth.
 */
export class ExecProvider {
  readonly #deps: ExecDeps;
  #credential: ExecCredential;
  #version = 0;
  #timer: Timer | null = null;
  #renewing = false;
  #closed = false;
  #retryMs = FIRST_RETRY_MS;
  #lastProblem: string | null = null;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  private constructor(deps: ExecDeps, first: ExecCredential) {
    this.#deps = deps;
    this.#credential = first;
    this.#schedule();
  }

  /** Runs the plugin for the first time. Throws `CREDENTIALS_UNREADABLE` where that gives nothing to use. */
  static async start(deps: ExecDeps): Promise<ExecProvider> {
    return new ExecProvider(deps, alive(await deps.run(), deps));
  }

  get credential(): ExecCredential {
    const { expiresAtMs } = this.#credential;
    // The timer may have slept with the machine.
    if (expiresAtMs !== null && expiresAtMs <= this.#deps.nowMs() && this.#lastProblem === null) void this.#renew();
    return this.#credential;
  }

  /** A server answered 401: the plugin is asked again, whatever it said of expiry, as client-go does. */
  refused(): void {
    const nowMs = this.#deps.nowMs();
    if (nowMs - this.#refusedAtMs < REFUSAL_WAIT_MS) return;
    this.#refusedAtMs = nowMs;
    void this.#renew();
  }

  /** The client certificate in the form that files come in. */
  clientCertificate(): { readonly cert: ChangingText; readonly key: ChangingText } | null {
    if (this.#credential.clientCertificate === null) return null;
    const part = (which: "cert" | "key"): ChangingText => ({
      version: () => {
        void this.credential;
        return String(this.#version);
      },
      read: () => {
        const { clientCertificate } = this.#credential;
        if (clientCertificate !== null) return clientCertificate[which];
        throw fault(this.#deps.place, "the plugin gave no client certificate this time", "update the plugin");
      },
      place: this.#deps.place,
      about: "",
    });
    return { cert: part("cert"), key: part("key") };
  }

  /** No further run of the plugin. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#closed) return;
    this.#renewing = true;
    this.#timer?.cancel();
    try {
      const next = alive(await this.#deps.run(), this.#deps);
      const tokenChanged = next.token !== null && next.token !== this.#credential.token;
      this.#credential = next;
      this.#version += 1;
      this.#lastProblem = null;
      this.#retryMs = FIRST_RETRY_MS;
      if (tokenChanged) this.#tell("rotated", "exec plugin: the token changed");
    } catch (error) {
      if (!(error instanceof DrainprobeError)) throw error;
      const first = error.message !== this.#lastProblem;
      this.#lastProblem = error.message;
      if (first) this.#tell("unreadable", `${error.message} (the last good credential serves on)`);
    } finally {
      this.#renewing = false;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#closed) return;
    const { expiresAtMs } = this.#credential;
    if (this.#lastProblem !== null) {
      this.#wait(this.#retryMs, true);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    } else if (expiresAtMs !== null) {
      const delayMs = renewDelayMs(expiresAtMs - this.#deps.nowMs());
      this.#wait(Math.min(delayMs, LONGEST_WAIT_MS), delayMs <= LONGEST_WAIT_MS);
    }
  }

  #wait(delayMs: number, due: boolean): void {
    this.#timer = backgroundTimer(delayMs, () => {
      if (due) void this.#renew();
      else this.#schedule();
    });
  }

  #tell(kind: "rotated" | "unreadable", text: string): void {
    if (!this.#closed) this.#deps.notify({ kind, text });
  }
}

/** How long a credential that lives for `lifeMs` from now on is used before a new one is asked for. */
export function renewDelayMs(lifeMs: number): number {
  return Math.max(SHORTEST_WAIT_MS, lifeMs * RENEW_AFTER_SHARE, lifeMs - MOST_EARLY_MS);
}

function alive(credential: ExecCredential, { nowMs, place }: ExecDeps): ExecCredential {
  const { expiresAtMs } = credential;
  if (expiresAtMs === null || expiresAtMs > nowMs()) return credential;
  throw fault(
    place,
    "the plugin gave a credential that has expired already",
    "check this machine's clock, and the plugin",
  );
}
