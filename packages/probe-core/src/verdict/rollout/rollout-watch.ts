import type { Attribution } from "../../attribute/attribution.js";
import { showsThatItWorks } from "../../classify/attempt-works.js";
import type { ClientGoSummary } from "../../classify/client-go-types.js";
import { isUnsafeToRetry } from "../../classify/request-rules.js";
import type { ConnectionVerdict, Incident, RequestVerdict } from "../../classify/verdict-types.js";
import type {
  BackendName,
  ConnectionId,
  EventOf,
  MarkerSource,
  Nanos,
  ProbeEvent,
  RequestId,
} from "../../events/index.js";
import { MARKER_SOURCES, NANOS_PER_SECOND } from "../../events/index.js";
import { LIMITS } from "../../limits.js";
import type { PathSummary, RolloutObjectives } from "../summary-types.js";
import { BackendNames } from "./backend-names.js";
import { BackendTrack } from "./backend-track.js";
import { claimOf } from "./claim.js";
import { ClientGoTally } from "./client-go-tally.js";
import { backendOf, type Connection, ConnectionBook, isBalanced } from "./connection-book.js";
import type { Cycle } from "./cycle.js";
import { headline } from "./headline.js";
import { type MeasuredRollout, measure } from "./measure.js";
import { objectives } from "./objectives.js";
import { WELL } from "./place.js";
import { type IncidentFailure, placeAll, type RequestFailure } from "./place-all.js";
import { fateOf } from "./request-fate.js";
import type { BackendNow, RolloutSummary, WritesSummary } from "./rollout-types.js";
import { BROKEN, Samples } from "./samples.js";
import { WallMap } from "./wall-time.js";

/** A rollout is measured for good so long after its backend was ready: its re-adding has been seen by then, or was not to be. */
const TAIL_NS: Nanos = 300 * NANOS_PER_SECOND;
/** How often that is looked at, on the log's clock. */
const CHECK_NS: Nanos = NANOS_PER_SECOND;
/** Samples kept while nothing rolls out, for markers that come late. */
const FEW_SAMPLES = 16_384;
/** Default of `newConnectionGraceNs`. */
const GRACE_NS: Nanos = NANOS_PER_SECOND;

/** What the fold adds to its summary. */
export interface RolloutResult {
  readonly rollout: RolloutSummary | null;
  readonly clientGo: ClientGoSummary | null;
  readonly writes: WritesSummary | null;
}

interface OpenRequest {
  readonly sentAt: Nanos;
  readonly connection: Connection;
}

/**
 * Follows rollouts in a log beside the classifier: whose connection it was, what each backend was doing, and what that did to
 * clients. Idle, and without memory, until the log is told about backends, which a run that watches them does at its start. Bounded by
 * `LIMITS`, with counters for what was dropped. Everything is reckoned at the end, or long after a rollout: markers come late.
 */
export class RolloutWatch {
  readonly #attribution: Attribution;
  readonly #objectives: RolloutObjectives;
  readonly #names = new BackendNames(LIMITS.backendNames);
  readonly #wall = new WallMap();
  readonly #tracks = new Map<BackendName, BackendTrack>();
  readonly #samples = new Samples(FEW_SAMPLES, LIMITS.rolloutSamples);
  readonly #clientGo = new ClientGoTally();
  readonly #book: ConnectionBook;
  readonly #open = new Map<RequestId, OpenRequest>();
  readonly #retryAfter = new Map<RequestId, string>();
  readonly #measured = new Map<Cycle, MeasuredRollout>();
  readonly #incidents: IncidentFailure[] = [];
  readonly #requests: RequestFailure[] = [];
  readonly #markers = new Map<MarkerSource, number>();
  readonly #writes = { yes: 0, no: 0, unknown: 0 };
  /** Was the log told about backends? */
  #told = false;
  #broken = 0;
  #unidentified = 0;
  #nextCheck: Nanos = 0;
  droppedFailures = 0;
  droppedMarkers = 0;

  constructor(attribution: Attribution, objectives: RolloutObjectives = {}) {
    this.#attribution = attribution;
    this.#objectives = objectives;
    this.#book = new ConnectionBook(attribution.connections, {
      open: LIMITS.openConnections,
      ended: LIMITS.endedConnectionsRemembered,
    });
  }

  get droppedSamples(): number {
    return this.#samples.dropped;
  }

  /** The wall clock at the run's epoch, as the header has it. */
  epoch(wall: string, errorNs: Nanos): void {
    this.#wall.note(0, wall, errorNs);
  }

  /** After the classifier has heard the event. */
  push(event: ProbeEvent): void {
    switch (event.kind) {
      case "clock.anchor":
        this.#wall.note(event.t, event.wall, event.errorNs);
        return;
      case "backend.identified":
        this.#told = true;
        this.#identified(event);
        return;
      case "backend.named":
        this.#told = true;
        this.#named(event);
        return;
      case "rollout.marker":
        this.#told = true;
        this.#marker(event);
        return;
      case "write.resolved":
        this.#told = true;
        if (Object.hasOwn(this.#writes, event.applied)) this.#writes[event.applied] += 1;
        return;
      case "run.phase":
        this.#told = true;
        return;
      default:
        if (this.#told) this.#observe(event);
    }
  }

  onRequestVerdict(verdict: RequestVerdict): void {
    if (!this.#told) return;
    const open = this.#open.get(verdict.request);
    this.#open.delete(verdict.request);
    const connection = open?.connection ?? (verdict.conn === null ? null : this.#book.get(verdict.conn));
    const fate = fateOf(verdict);
    if (connection !== null && verdict.stream !== null) {
      const { t } = verdict;
      this.#samples.requests.push({ t, sentAt: open?.sentAt ?? 0, connection, fate }, this.#samples.keepAll);
    }
    this.#clientGo.failed(verdict, this.#retryAfter.get(verdict.request) ?? null);
    this.#retryAfter.delete(verdict.request);
    if (verdict.type === "abandoned") return;
    const { request, conn, t, type, processed, scope } = verdict;
    const unsafe = isUnsafeToRetry(verdict);
    const cut = fate === "cut" && scope === "connection";
    const from = scope === "request" ? Math.min(open?.sentAt ?? t, t) : t;
    this.#keep(this.#requests, { request, conn, from, t, type, scope, processed, connection, unsafe, cut });
  }

  onConnectionVerdict({ conn, close, t }: ConnectionVerdict): void {
    if (!this.#told) return;
    const connection = this.#book.get(conn);
    if (connection === null) return;
    if (close !== null && connection.worked) {
      this.#samples.ends.push({ t, connection, close }, this.#samples.keepAll);
      if (BROKEN.has(close)) this.#broken += 1;
    }
    const telling = isBalanced(connection.path) && connection.lane !== "fresh.tcp" && connection.openedAt !== null;
    if (telling && backendOf(connection, this.#names) === null) this.#unidentified += 1;
    this.#book.end(conn);
  }

  onIncident({ conn, t, close, type, path }: Incident): void {
    if (!this.#told) return;
    if (type === "tcp.refused" && isBalanced(path)) this.#samples.refusals.push({ t }, this.#samples.keepAll);
    this.#keep(this.#incidents, { conn, t, close, type, connection: this.#book.get(conn) });
  }

  /** Backends of which markers tell, as they are by now. */
  now(t: Nanos): readonly BackendNow[] {
    return [...this.#tracks.values()].map((track) => {
      const phase = track.phaseAt(t);
      const since = track.cycleAt(t)?.phases.find((span) => span.phase === phase)?.from?.t ?? null;
      return { backend: track.name, phase, since };
    });
  }

  finish(until: Nanos, paths: readonly PathSummary[]): RolloutResult {
    if (!this.#told) return { rollout: null, clientGo: null, writes: null };
    const clientGo = this.#clientGo.finish(until);
    const { yes: applied, no: notApplied, unknown } = this.#writes;
    const writes = applied + notApplied + unknown === 0 ? null : { applied, notApplied, unknown };
    if (this.#markers.size === 0) return { rollout: null, clientGo, writes };
    return { rollout: this.#summarize(until, paths), clientGo, writes };
  }

  #summarize(until: Nanos, paths: readonly PathSummary[]): RolloutSummary {
    const measured = this.#measureAll(until);
    const placed = placeAll(this.#incidents, this.#requests, this.#names, this.#tracks);
    const head = headline(measured, paths);
    const rollouts = measured.map(({ rollout }) => rollout);
    return {
      headline: head,
      objectives: objectives({
        rollouts,
        headline: head,
        graceNs: this.#objectives.newConnectionGraceNs ?? GRACE_NS,
        broken: this.#broken,
        cutUnplaced: placed.cutUnplaced,
      }),
      rollouts,
      byPhase: placed.byPhase,
      allowed: placed.allowed,
      incidents: placed.incidents,
      requests: placed.requests,
      markers: Object.fromEntries(
        MARKER_SOURCES.flatMap((source) => {
          const count = this.#markers.get(source);
          return count === undefined ? [] : [[source, count]];
        }),
      ),
      unidentifiedConnections: this.#unidentified,
    };
  }

  /** In the order in which they began. */
  #measureAll(until: Nanos): readonly MeasuredRollout[] {
    const all: { began: Nanos; measured: MeasuredRollout }[] = [];
    for (const [name, track] of this.#tracks) {
      for (const cycle of track.rollouts) {
        const measured = this.#measured.get(cycle) ?? this.#measure(name, track, cycle, until);
        all.push({ began: cycle.began?.t ?? 0, measured });
      }
    }
    return all.sort((a, b) => a.began - b.began).map(({ measured }) => measured);
  }

  #measure(name: BackendName, track: BackendTrack, cycle: Cycle, until: Nanos): MeasuredRollout {
    const others = [...this.#tracks.values()].filter((other) => other !== track);
    const alone = (t: Nanos): boolean => others.every((other) => WELL.has(other.phaseAt(t)));
    return measure({ backend: name, cycle, names: this.#names, samples: this.#samples, alone, until });
  }

  #observe(event: ProbeEvent): void {
    if (event.t >= this.#nextCheck) this.#check(event.t);
    const { keepAll } = this.#samples;
    switch (event.kind) {
      case "tcp.connect.started":
        if (isBalanced(event.path)) this.#samples.attempts.push({ t: event.t }, keepAll);
        return;
      case "tcp.connect.complete":
        this.#opened(this.#book.get(event.conn));
        this.#mayShowWork(event);
        return;
      case "tls.handshake.complete": {
        const connection = this.#book.get(event.conn);
        if (connection !== null) connection.fingerprint = event.fingerprint;
        this.#mayShowWork(event);
        return;
      }
      case "session.ready":
        this.#mayShowWork(event);
        this.#clientGo.worked(event.path, event.t);
        return;
      case "request.sent": {
        const connection = this.#attribution.requests.has(event.request) ? this.#book.get(event.conn) : null;
        if (connection === null || this.#open.size >= LIMITS.openRequests) return;
        this.#open.set(event.request, { sentAt: event.t, connection });
        return;
      }
      case "h2.headers.received":
        if (event.retryAfter !== null && event.request !== null && this.#attribution.requests.has(event.request)) {
          this.#retryAfter.set(event.request, event.retryAfter);
        }
        return;
      case "h2.stream.ended":
        this.#ended(event);
        return;
      default:
    }
  }

  #mayShowWork({ conn, kind }: ProbeEvent & { readonly conn: ConnectionId }): void {
    const connection = this.#book.get(conn);
    if (connection !== null && showsThatItWorks(connection.lane, kind)) connection.worked = true;
  }

  #opened(connection: Connection | null): void {
    if (connection === null || connection.openedAt === null || !isBalanced(connection.path)) return;
    this.#samples.openings.push({ t: connection.openedAt, connection }, this.#samples.keepAll);
  }

  /** Still open by our count, so no verdict was given: it succeeded. */
  #ended({ request, t }: EventOf<"h2.stream.ended">): void {
    const open = request === null ? undefined : this.#open.get(request);
    if (request === null || open === undefined) return;
    this.#open.delete(request);
    this.#retryAfter.delete(request);
    this.#samples.requests.push(
      { t, sentAt: open.sentAt, connection: open.connection, fate: "completed" },
      this.#samples.keepAll,
    );
    this.#clientGo.worked(open.connection.path, t);
  }

  #identified({ conn, backend, by }: EventOf<"backend.identified">): void {
    const connection = this.#book.get(conn);
    if (connection !== null && !connection.claims.has(by)) connection.claims.set(by, backend);
  }

  #named({ backend, alias, by }: EventOf<"backend.named">): void {
    const given = this.#names.join(backend, alias, by);
    if (given === null) return;
    const other = this.#tracks.get(given);
    const kept = this.#names.resolve(backend);
    if (other === undefined || kept === null) return;
    this.#tracks.delete(given);
    this.#track(kept)?.absorb(other);
  }

  #marker(event: EventOf<"rollout.marker">): void {
    if (!MARKER_SOURCES.includes(event.source)) return;
    this.#markers.set(event.source, (this.#markers.get(event.source) ?? 0) + 1);
    this.#names.know(event.backend);
    const track = this.#track(this.#names.resolve(event.backend) ?? event.backend);
    if (track === null) this.droppedMarkers += 1;
    else this.droppedMarkers += track.add(claimOf(event, this.#wall)) ? 0 : 1;
    this.#check(event.t);
  }

  /** `null` over the bound. */
  #track(name: BackendName): BackendTrack | null {
    const known = this.#tracks.get(name);
    if (known !== undefined) return known;
    if (this.#tracks.size >= LIMITS.backends) return null;
    const track = new BackendTrack(name, LIMITS.backendMarkers);
    this.#tracks.set(name, track);
    return track;
  }

  /** Measures what is over, and decides whether samples are still wanted. */
  #check(t: Nanos): void {
    this.#nextCheck = t + CHECK_NS;
    let going = false;
    for (const [name, track] of this.#tracks) {
      const cycle = track.cycles.at(-1);
      if (cycle === undefined) continue;
      const { ready } = cycle.timeline;
      if (ready === null || t < ready.t + TAIL_NS) going = true;
      for (const each of track.rollouts) {
        const over = each !== cycle || (ready !== null && t >= ready.t + TAIL_NS);
        if (over && !this.#measured.has(each)) {
          this.#measured.set(each, this.#measure(name, track, each, t));
        }
      }
    }
    this.#samples.keepAll = going;
  }

  #keep<T>(list: T[], failure: T): void {
    if (list.length < LIMITS.placedFailures) list.push(failure);
    else this.droppedFailures += 1;
  }
}
