/**
 * How many of its connections a kube-apiserver up to v1.18 still tells GOAWAY, as a share: its process ends about 1.5 ms after its HTTP
 * server began to. Measured on real ones: all of 5, 286 to 300 of 300, 0 of 1000 in three of three; and, on a machine under load, with a
 * thousand now and then most of them. Which it is is luck, and that is `random` in [0, 1); the line between the points is ours.
 */
export function goawayReach(connections: number, random: number): number {
  const ALL = 300;
  const NONE = 1_000;
  if (connections <= ALL) return connections < ALL / 2 ? 1 : 1 - 0.05 * random;
  if (connections >= NONE) return random < LUCKY ? 1 - random : 0;
  const even = (NONE - connections) / (NONE - ALL);
  return Math.min(1, Math.max(0, even + (random - 0.5) * 0.3));
}

/** How often a thousand get theirs. */
const LUCKY = 0.1;
