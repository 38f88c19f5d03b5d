import type { EventKind, EventOf, ProbeEvent } from "../src/events/index.js";
import { resolveOptions } from "../src/options/resolve-options.js";
import type { ProbeOptions } from "../src/probe-options.js";
import { Run } from "../src/run.js";

type Predicate<K extends EventKind> = (event: EventOf<K>) => boolean;

/** A run without judge and files: the facts only, and ways to wait for them. */
export class LaneRig implements AsyncDisposable {
  readonly run: Run;
  readonly events: ProbeEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #stopped: Promise<number> | null = null;

  constructor(options: ProbeOptions) {
    this.run = new Run(resolveOptions(options));
    this.run.recorder.subscribe((event) => {
      this.events.push(event);
      for (const check of this.#waiting) check();
    });
    this.run.start();
  }

  all<K extends EventKind>(kind: K, matches: Predicate<K> = () => true): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind && matches(event as EventOf<K>));
  }

  /** The first event that matches, now or later. */
  async event<K extends EventKind>(kind: K, matches: Predicate<K> = () => true): Promise<EventOf<K>> {
    const found = (): EventOf<K> | undefined => this.all(kind, matches)[0];
    await this.until(() => found() !== undefined);
    return found() as EventOf<K>;
  }

  async count(kind: EventKind, atLeast: number): Promise<void> {
    await this.until(() => this.all(kind).length >= atLeast);
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  stop(reason: "run.ended" | "aborted" = "run.ended"): Promise<number> {
    this.#stopped ??= this.run.stop(reason);
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What became of each request, told from the facts alone: the last word on it. */
export function fates(events: readonly ProbeEvent[]): Map<number, string> {
  const fate = new Map<number, string>();
  const open = new Map<string, number>();
  const openOn = new Map<number, Set<number>>();
  for (const event of events) {
    switch (event.kind) {
      case "request.queued":
        fate.set(event.request, "queued");
        break;
      case "request.sent":
        fate.set(event.request, "sent");
        open.set(`${event.conn}/${event.stream}`, event.request);
        openOn.set(event.conn, (openOn.get(event.conn) ?? new Set()).add(event.request));
        break;
      case "request.unsent":
        fate.set(event.request, `unsent.${event.reason}`);
        break;
      case "request.expired":
        fate.set(event.request, "expired");
        break;
      case "request.aborted":
        fate.set(event.request, `aborted.${event.reason}`);
        break;
      case "h2.stream.ended":
        if (event.request !== null && fate.get(event.request) === "sent") fate.set(event.request, "ended");
        break;
      case "h2.rst_stream.received":
        if (event.request !== null && fate.get(event.request) === "sent") fate.set(event.request, "reset");
        break;
      case "h2.goaway.received":
        for (const [key, request] of open) {
          const [conn, stream] = key.split("/").map(Number);
          if (conn === event.conn && stream! > event.lastStreamId && fate.get(request) === "sent") {
            fate.set(request, "ignored");
          }
        }
        break;
      case "tcp.closed":
        for (const request of openOn.get(event.conn) ?? []) if (fate.get(request) === "sent") fate.set(request, "cut");
        break;
      default:
        break;
    }
  }
  return fate;
}

/** How many requests met which fate. What was merely open when the run ended is left out. */
export function tally(events: readonly ProbeEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fate of fates(events).values()) {
    if (!fate.endsWith(".run.ended")) counts[fate] = (counts[fate] ?? 0) + 1;
  }
  return counts;
}
