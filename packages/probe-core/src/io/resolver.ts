import { ADDRCONFIG, lookup } from "node:dns";
import { isIP } from "node:net";

/** One address of a host. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Turns a host name into addresses; the first is connected to. Rejects with Node's DNS error (`ENOTFOUND`, `EAI_AGAIN`, …).
 * Never asked for IP literals.
 */
export type Resolver = (host: string) => Promise<readonly ResolvedAddress[]>;

/**
 * The host's resolver (`getaddrinfo`), in the order it gives. It leaves out addresses of a family that this host has none of
 * itself: an attempt to those would tell of us, and nothing of the service.
 */
export const systemResolver: Resolver = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true, verbatim: true, hints: ADDRCONFIG }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })));
    });
  });

/**
 * A resolver that begins with another address at each call: 1 2 3, 2 3 1, 3 1 2, … Every address of a service is tried in turn,
 * each attempt goes to exactly one, and a dead one shows as its own failure instead of being papered over.
 */
export function roundRobinResolver(resolve: Resolver = systemResolver): Resolver {
  const turns = new Map<string, number>();
  return async (host) => {
    const addresses = await resolve(host);
    const turn = turns.get(host) ?? 0;
    turns.set(host, turn + 1);
    const first = addresses.length === 0 ? 0 : turn % addresses.length;
    return [...addresses.slice(first), ...addresses.slice(0, first)];
  };
}

/** The literal's address, brackets removed, or `null` if `host` is a name. */
export function literalAddress(host: string): ResolvedAddress | null {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const family = isIP(bare);
  return family === 0 ? null : { address: bare, family: family === 6 ? 6 : 4 };
}
