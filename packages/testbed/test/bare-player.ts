import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { FRAME, rstStreamFrame } from "../src/h2/frame.js";
import type { ProbePlan, Running, Scenario } from "../src/scenario.js";
import { BareClient } from "./bare-client.js";

/**
 * Does what a scenario's plan asks of a probe, in the plainest way and without looking at what it means: sessions that
 * send, PING and are opened anew when they end; fresh connections at a rate. For seeing that a scenario can be played.
 */
export class BarePlayer {
  readonly #running: Running;
  readonly #plan: ProbePlan;
  readonly #open = new Set<BareClient>();
  readonly #jobs: Promise<void>[] = [];
  #stopped = false;

  constructor(scenario: Scenario, running: Running) {
    this.#plan = scenario.plan;
    this.#running = running;
    const { held, idle, watch, slow, freshTcp, freshHello, freshTls, freshH2 } = this.#plan.lanes;
    if (held !== undefined) for (let i = 0; i < held.sessions; i++) this.#jobs.push(this.#session(held.streams, "/"));
    if (idle !== undefined) for (let i = 0; i < idle.sessions; i++) this.#jobs.push(this.#session(0, "/"));
    for (const path of [...(watch?.paths ?? []), ...(slow?.paths ?? [])]) this.#jobs.push(this.#session(1, path));
    if (freshTcp !== undefined) this.#jobs.push(this.#fresh(freshTcp.ratePerSecond, 0));
    if (freshHello !== undefined) this.#jobs.push(this.#fresh(freshHello.ratePerSecond, 0));
    if (freshTls !== undefined) this.#jobs.push(this.#fresh(freshTls.ratePerSecond, 0));
    if (freshH2 !== undefined) this.#jobs.push(this.#fresh(freshH2.ratePerSecond, 1));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const client of this.#open) client.destroy();
    await Promise.all(this.#jobs);
  }

  #connect(): BareClient {
    const { ca } = this.#running;
    const client = new BareClient({ port: Number(new URL(this.#running.url).port), ...(ca === null ? {} : { ca }) });
    this.#open.add(client);
    client.raw.once("close", () => this.#open.delete(client));
    return client;
  }

  async #session(streams: number, path: string): Promise<void> {
    while (!this.#stopped) {
      const client = this.#connect();
      const gone = new Promise<void>((resolve) => client.raw.once("close", () => resolve()));
      const giveUp = setTimeout(() => {
        if (client.of(FRAME.SETTINGS).length === 0) client.destroy();
      }, this.#plan.connectTimeoutMs ?? 5_000);
      const pings = setInterval(() => client.ping(), this.#plan.pingIntervalMs ?? 250);
      const silent = setInterval(() => {
        const heard = client.frames.length;
        setTimeout(() => heard > 0 && heard === client.frames.length && client.raw.resetAndDestroy(), 400);
      }, 100);
      await Promise.race([this.#use(client, streams, path), gone]);
      await gone;
      clearTimeout(giveUp);
      clearInterval(pings);
      clearInterval(silent);
    }
  }

  /** Keeps so many requests open; a request that gets no end within its time is reset. */
  async #use(client: BareClient, streams: number, path: string): Promise<void> {
    await client.seen((frames) => frames.some((f) => f.type === FRAME.SETTINGS));
    for (let sent = 0; sent < 60; sent++) {
      await client.seen(() => sent - client.complete().length < streams || streams === 0);
      if (streams === 0 || client.goaways().length > 0) return;
      const stream = client.get(path);
      if (this.#plan.requestTimeoutMs !== undefined) {
        setTimeout(() => {
          if (!client.complete().includes(stream) && client.raw.writable) client.send(rstStreamFrame(stream, 8));
        }, this.#plan.requestTimeoutMs).unref();
      }
    }
  }

  async #fresh(ratePerSecond: number, requests: number): Promise<void> {
    while (!this.#stopped) {
      if (this.#running.connectTo !== null) await this.#attempt(this.#running.connectTo);
      else await this.#visit(requests);
      await pause(1_000 / ratePerSecond);
    }
  }

  async #visit(requests: number): Promise<void> {
    const client = this.#connect();
    const timeout = setTimeout(() => client.destroy(), this.#plan.connectTimeoutMs ?? 5_000);
    const gone = new Promise<void>((resolve) => client.raw.once("close", () => resolve()));
    await Promise.race([client.ready.catch(() => {}), gone]);
    if (requests > 0 && client.raw.writable) {
      client.get();
      await Promise.race([
        client.seen(() => client.complete().length > 0),
        client.ready.catch(() => {}).then(() => pause(50)),
        gone,
      ]);
    }
    clearTimeout(timeout);
    client.destroy();
    await gone;
  }

  #attempt(endpoint: string): Promise<void> {
    const [host = "", port = "0"] = endpoint.split(":");
    return new Promise((resolve) => {
      const socket = connect({ host, port: Number(port), timeout: 100 });
      const done = () => {
        socket.destroy();
        resolve();
      };
      socket.once("connect", done).once("error", done).once("timeout", done);
    });
  }
}
