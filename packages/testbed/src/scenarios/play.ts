import { certificates } from "../certificates/certificates.js";
import type { Certificates, Identity } from "../certificates/identity.js";
import type { Fault } from "../faults/fault.js";
import type { Running } from "../scenario.js";
import { type RawServer, startRawServer } from "../server/raw-server.js";

/** A scenario played by one raw server. */
export interface RawPlay {
  readonly fault?: Fault;
  /** Which certificate it shows; `null`: cleartext. Default `good`. */
  readonly identity?: Exclude<keyof Certificates, "ca"> | null;
  readonly alpn?: readonly string[];
  readonly victims?: (index: number) => boolean;
  /** When the fault counts as done, where not by its own word. */
  readonly firedWhen?: (server: RawServer) => boolean;
  readonly settledWhen: (server: RawServer) => boolean;
}

/** Starts the server of a scenario. */
export async function playRaw(play: RawPlay): Promise<Running> {
  const made = await certificates();
  const which = play.identity === undefined ? "good" : play.identity;
  const identity: Identity | null = which === null ? null : made[which];
  const server = await startRawServer({
    identity,
    ...(play.alpn === undefined ? {} : { alpn: play.alpn }),
    ...(play.fault === undefined ? {} : { fault: play.fault }),
    ...(play.victims === undefined ? {} : { victims: play.victims }),
  });
  return {
    url: server.url,
    ca: identity === null ? null : made.ca,
    serverName: null,
    connectTo: null,
    fired: server.when(play.firedWhen ?? hasFired),
    settled: server.when(play.settledWhen),
    close: () => server.close(),
  };
}

/** The fault was done to a connection. */
export function hasFired(server: RawServer): boolean {
  return server.firedOn.length > 0;
}

/** The victim is gone, and a connection after it has answered `requests`. */
export function replaced(requests = 2): (server: RawServer) => boolean {
  return (server) => laterThanVictim(server).some((c) => c.answered >= requests);
}

/** The victim is gone, and a connection after it is up and was pinged. */
export function replacedIdle(server: RawServer): boolean {
  return laterThanVictim(server).some((c) => c.settingsAcked && c.pings > 0);
}

/** The victim is gone, and a connection after it came through its handshake and was closed. */
export function replacedFresh(server: RawServer): boolean {
  return laterThanVictim(server).some((c) => c.secured && c.closed);
}

/** The victim is gone, and so is a connection after it, which wanted no more than the answer to its ClientHello. */
export function replacedHello(server: RawServer): boolean {
  return laterThanVictim(server).some((c) => c.closed);
}

/** The fault was done, and then so many requests more were answered, on whatever connection. */
export function goesOn(answers = 6): (server: RawServer) => boolean {
  return (server) => hasFired(server) && server.connections.reduce((sum, c) => sum + c.answered, 0) >= answers;
}

function laterThanVictim(server: RawServer): RawServer["connections"] {
  const [victim] = server.firedOn;
  if (victim === undefined || !victim.closed) return [];
  return server.connections.filter((c) => c.index > victim.index);
}
