import type { OpenConnection } from "../../attribute/open-connection.js";
import type { BackendName, ConnectionId, Endpoint, IdentifiedBy, Lane, Nanos, PathName } from "../../events/index.js";
import type { BackendNames } from "./backend-names.js";

/** What a rollout needs to know of one connection. */
export interface Connection {
  readonly id: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  /** When TCP was established; `null` until it is, or where the log does not show it. */
  openedAt: Nanos | null;
  remote: Endpoint | null;
  /** Did it ever do what its lane wants of it? What never worked cannot be broken: it is a new connection that was not accepted. */
  worked: boolean;
  /** Of the certificate shown when it was opened; a name only where a marker's source knows it as one server's own. */
  fingerprint: string | null;
  /** Who answered, by each way of telling. */
  readonly claims: Map<IdentifiedBy, BackendName>;
}

/** A connection whose backend may be any of several: the balancer chooses. */
export function isBalanced(path: PathName): boolean {
  return !/^(local|direct|peer)(\b|_)/.test(path);
}

/** Surest first: the host says its own name, the address may be shared, a certificate is often shared. */
const SUREST: readonly IdentifiedBy[] = ["disruption.header", "api", "certificate"];

/**
 * The backend of a connection, by the name that markers use; a name that no marker uses is its own. A path that leads past the
 * balancer is told by its address. `null`: not known.
 */
export function backendOf(connection: Connection, names: BackendNames): BackendName | null {
  const raw = SUREST.flatMap((by) => connection.claims.get(by) ?? []);
  for (const name of raw) {
    const known = names.resolve(name);
    if (known !== null) return known;
  }
  const shown = connection.fingerprint === null ? null : names.resolve(connection.fingerprint);
  if (shown !== null) return shown;
  const direct = connection.remote === null ? null : names.resolve(connection.remote);
  return direct ?? raw[0] ?? null;
}

/** The connections of a run: open ones, and as many ended ones as may still be asked for. */
export class ConnectionBook {
  readonly #open = new Map<ConnectionId, Connection>();
  readonly #ended = new Map<ConnectionId, Connection>();
  readonly #attributed: ReadonlyMap<ConnectionId, OpenConnection>;
  readonly #limits: { readonly open: number; readonly ended: number };

  constructor(
    attributed: ReadonlyMap<ConnectionId, OpenConnection>,
    limits: { readonly open: number; readonly ended: number },
  ) {
    this.#attributed = attributed;
    this.#limits = limits;
  }

  /** `null`: the log never showed it to begin, or it is forgotten. */
  get(id: ConnectionId): Connection | null {
    return this.#open.get(id) ?? this.#ended.get(id) ?? this.#begun(id);
  }

  end(id: ConnectionId): void {
    const connection = this.#open.get(id);
    if (connection === undefined) return;
    this.#open.delete(id);
    this.#ended.set(id, connection);
    if (this.#ended.size <= this.#limits.ended) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  #begun(id: ConnectionId): Connection | null {
    const from = this.#attributed.get(id);
    if (from === undefined || this.#open.size >= this.#limits.open) return null;
    const { path, lane, remote, connected, worked, fingerprint } = from;
    const openedAt = connected?.t ?? null;
    const connection: Connection = { id, path, lane, remote, openedAt, worked, fingerprint, claims: new Map() };
    this.#open.set(id, connection);
    return connection;
  }
}
