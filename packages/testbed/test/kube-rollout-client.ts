import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import type { ControlPlane } from "../src/index.js";
import { startWatch, type WatchEnd } from "./kube-clients.js";

/** What a {@link RolloutClient} saw. */
export interface RolloutTally {
  /** Answered 200. */
  ok: number;
  /** Not processed, and the server or its last stream id says so: asked again on a new session, as clients do. */
  refused: number;
  /** Answered 503 or 429 with Retry-After. */
  turnedAway: number;
  sessions: number;
  /** Sessions that ended after a GOAWAY. */
  goaways: number;
  readonly watches: WatchEnd[];
  /** Everything else, in words. */
  readonly failures: string[];
}

const EVERY_MS = 50;

/**
 * A plain node:http2 client behind a balancer: one held session with a request every 50 ms, opened anew after GOAWAY; a new
 * session for one request four times a second; and a watch that is opened anew when it ends.
 */
export class RolloutClient {
  readonly tally: RolloutTally = {
    ok: 0,
    refused: 0,
    turnedAway: 0,
    sessions: 0,
    goaways: 0,
    watches: [],
    failures: [],
  };
  readonly #plane: ControlPlane;
  readonly #url: string;
  readonly #jobs: Promise<void>[];
  readonly #open = new Set<ClientHttp2Session>();
  #stopped = false;

  constructor(plane: ControlPlane, url: string) {
    this.#plane = plane;
    this.#url = url;
    this.#jobs = [this.#held(), this.#fresh(), this.#watch()];
  }

  /** Ends it; requests under way are awaited. */
  async stop(): Promise<RolloutTally> {
    this.#stopped = true;
    await Promise.all(this.#jobs.slice(0, 2));
    for (const session of this.#open) session.destroy();
    return this.tally;
  }

  #session(): ClientHttp2Session {
    const session = connect(this.#url, { ca: this.#plane.ca });
    this.tally.sessions++;
    this.#open.add(session);
    session.once("close", () => this.#open.delete(session));
    session.once("goaway", () => this.tally.goaways++);
    session.on("error", () => {});
    return session;
  }

  async #held(): Promise<void> {
    let session = this.#session();
    const running = new Set<Promise<void>>();
    while (!this.#stopped) {
      if (session.closed || session.destroyed) session = this.#session();
      const request = this.#request(session, "held").finally(() => running.delete(request));
      running.add(request);
      await pause(EVERY_MS);
    }
    await Promise.all(running);
    session.close();
  }

  async #fresh(): Promise<void> {
    while (!this.#stopped) {
      const session = this.#session();
      await this.#request(session, "fresh");
      session.close();
      await pause(4 * EVERY_MS);
    }
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      try {
        const watch = await startWatch(this.#plane, this.#url, (session) => {
          this.#open.add(session);
          session.once("close", () => this.#open.delete(session));
        });
        const end = await watch.ended;
        if (this.#stopped) return;
        this.tally.watches.push(end);
        if (!end.clean) this.tally.failures.push("a watch was cut");
      } catch (error) {
        if (this.#stopped) return;
        this.tally.failures.push(String(error));
        await pause(EVERY_MS);
      }
    }
  }

  #request(session: ClientHttp2Session, lane: string): Promise<void> {
    return new Promise((resolve) => {
      let status: number | undefined;
      let retryAfter = false;
      let cause = "";
      const stream = session.request({
        ":path": "/version",
        authorization: `Bearer ${this.#plane.credentials.tokens.admin}`,
      });
      stream.once("response", (headers) => {
        status = headers[":status"];
        retryAfter = headers["retry-after"] !== undefined;
      });
      stream.on("error", (error: Error) => {
        cause = String(error);
      });
      stream.resume();
      // Only here is it known: node:http2 has no error for a connection that ended under a request, just code 8.
      stream.once("close", () => {
        if (stream.rstCode === 7) this.tally.refused++;
        else if (stream.rstCode === 0 && status === 200) this.tally.ok++;
        else if (stream.rstCode === 0 && retryAfter) this.tally.turnedAway++;
        else this.tally.failures.push(`${lane}: status ${status}, code ${stream.rstCode} ${cause}`);
        resolve();
      });
    });
  }
}
