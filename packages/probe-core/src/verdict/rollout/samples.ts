import type { Close } from "../../classify/verdict-types.js";
import type { Nanos } from "../../events/index.js";
import type { Connection } from "./connection-book.js";
import type { RequestFate } from "./request-fate.js";
import { SampleLog } from "./sample-log.js";

/** A request that is over. */
export interface RequestSample {
  readonly t: Nanos;
  readonly sentAt: Nanos;
  readonly connection: Connection;
  readonly fate: RequestFate;
}

/** A connection attempt on a balanced path. */
export interface AttemptSample {
  readonly t: Nanos;
}

/** A connection attempt on a balanced path that was refused: it was sent to a host where nothing listened. */
export interface RefusalSample {
  readonly t: Nanos;
}

/** A new connection on a balanced path whose backend may be known. */
export interface OpeningSample {
  readonly t: Nanos;
  readonly connection: Connection;
}

/** A connection that is over. */
export interface EndSample {
  readonly t: Nanos;
  readonly connection: Connection;
  readonly close: Close;
}

/** What a run did lately: markers come late, and what they mean is reckoned from these. */
export class Samples {
  readonly requests: SampleLog<RequestSample>;
  readonly attempts: SampleLog<AttemptSample>;
  readonly refusals: SampleLog<RefusalSample>;
  readonly openings: SampleLog<OpeningSample>;
  readonly ends: SampleLog<EndSample>;
  /** While a rollout is under way nothing of it may fall out. */
  keepAll = false;

  constructor(few: number, many: number) {
    this.requests = new SampleLog(few, many);
    this.attempts = new SampleLog(few, many);
    this.refusals = new SampleLog(few, many);
    this.openings = new SampleLog(few, many);
    this.ends = new SampleLog(few, many);
  }

  get dropped(): number {
    const { requests, attempts, refusals, openings, ends } = this;
    return [requests, attempts, refusals, openings, ends].reduce((sum, { dropped }) => sum + dropped, 0);
  }
}

/** Closes that the peer, or something on the way, brought about. */
export const PEER_ENDED: ReadonlySet<Close> = new Set(["graceful", "broken-promise", "abrupt", "reset", "silent"]);
/** Of these, the ones without a promise that was kept. */
export const BROKEN: ReadonlySet<Close> = new Set(["broken-promise", "abrupt", "reset", "silent"]);
