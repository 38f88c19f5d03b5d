import type { Endpoint, PathName } from "../events/index.js";
import type { PathRole } from "./path-role.js";

/** What one path from one node was like in a stretch of time. `unseen`: nothing was asked there, so nothing is known. */
export type CellState = "bad" | "good" | "unseen";

/** One path from one node. */
export interface TruthCell {
  readonly node: string;
  readonly path: PathName;
  readonly role: PathRole;
  readonly state: CellState;
  readonly ok: number;
  /** Answers well inside the stretch: its edges, to the width of a bin, are left out. */
  readonly answered: number;
  readonly failed: number;
  /** A connection that failed had the same IP on both ends: its packets never left the host. */
  readonly hairpin: boolean;
  readonly remotes: readonly Endpoint[];
}

export type Culprit = "server" | "hairpin" | "balancer" | "host" | "cannot-tell";

/** Who did it, as far as the paths and nodes that were watched at the same time can tell. */
export interface Finding {
  readonly who: Culprit;
  /** The node or path it is about, where that is known. */
  readonly where: string | null;
  readonly reason: string;
}

/**
 * Reads the table of one stretch of time. What is direct leaves out the balancer, what is seen from another node leaves out the host:
 * what still fails then, or fails no more, names who.
 */
export function findCulprit(cells: readonly TruthCell[]): Finding {
  const seen = cells.filter(({ state }) => state !== "unseen");
  const bad = seen.filter(({ state }) => state === "bad");
  const badDirect = bad.filter(({ role }) => role !== "balanced");
  const host = hostAlone(seen, bad);
  if (host !== null) return host;
  if (badDirect.length > 0) return directIsBad(seen, badDirect);
  return balancedIsBad(seen, bad);
}

const nodesOf = (cells: readonly TruthCell[]): string[] => [...new Set(cells.map(({ node }) => node))];
const list = (names: readonly string[]): string => names.join(", ");
const pathsOf = (cells: readonly TruthCell[]): string =>
  list([...new Set(cells.map(({ node, path }) => `${path} from ${node}`))]);

/** Everything that one node asked failed, wherever it led, and nothing that the others asked. */
function hostAlone(seen: readonly TruthCell[], bad: readonly TruthCell[]): Finding | null {
  const [node, ...more] = nodesOf(bad);
  if (node === undefined || more.length > 0) return null;
  const own = seen.filter((cell) => cell.node === node);
  const elsewhere = seen.filter((cell) => cell.node !== node);
  const away = own.filter(({ role }) => role !== "local");
  if (own.length < 2 || away.length < 2 || own.some(({ state }) => state !== "bad")) return null;
  if (elsewhere.length > 0) {
    const reason = `every path from ${node} failed (${list(own.map(({ path }) => path))}) while ${list(nodesOf(elsewhere))} saw no failure`;
    return { who: "host", where: node, reason };
  }
  const reason = `every path from ${node} failed, and no other node was watching: it may be this host, or everything it asked`;
  return { who: "cannot-tell", where: node, reason };
}

function directIsBad(seen: readonly TruthCell[], badDirect: readonly TruthCell[]): Finding {
  const well = seen.find(
    (cell) =>
      cell.state === "good" &&
      cell.role === "direct" &&
      badDirect.some(
        ({ node, remotes }) => node !== cell.node && remotes.some((remote) => cell.remotes.includes(remote)),
      ),
  );
  const loop = ownServerTakesVip(seen, badDirect);
  if (loop !== null) return loop;
  const where = pathsOf(badDirect);
  if (well !== undefined && nodesOf(badDirect).length === 1) {
    const reason = `${where} failed though no balancer lies on it, but ${well.node} reached the same address well: it may be the server, or what lies between`;
    return { who: "cannot-tell", where, reason };
  }
  return { who: "server", where, reason: `${where} failed, and no balancer lies on that path` };
}

/** A server went, and with it the balanced path of its own host, but of no other: that path leads back to the host's own server. */
function ownServerTakesVip(seen: readonly TruthCell[], badDirect: readonly TruthCell[]): Finding | null {
  const [node, ...more] = nodesOf(badDirect);
  if (node === undefined || more.length > 0 || badDirect.some(({ role }) => role !== "local")) return null;
  const balanced = seen.filter(({ role }) => role === "balanced");
  const elsewhere = balanced.filter((cell) => cell.node !== node);
  // A path that answered meanwhile led elsewhere too, and that the others had no failure may be luck.
  const lost = balanced.some((cell) => cell.node === node && cell.state === "bad" && cell.answered === 0);
  if (!lost || elsewhere.length === 0 || elsewhere.some(({ state }) => state === "bad")) return null;
  const reason = `the server of ${node} went, and from ${node} alone the balanced path went with it: ${list(nodesOf(elsewhere))} had no failure there, so other servers could have answered; its hairpin or redirect leads back to its own`;
  return { who: "hairpin", where: node, reason };
}

function balancedIsBad(seen: readonly TruthCell[], bad: readonly TruthCell[]): Finding {
  const goodDirect = seen.filter(({ role, state }) => role !== "balanced" && state === "good");
  const balanced = seen.filter(({ role }) => role === "balanced");
  const badNodes = nodesOf(bad);
  const goodNodes = nodesOf(balanced).filter((node) => !badNodes.includes(node));
  const where = pathsOf(bad);
  const looped = bad.some(({ hairpin }) => hairpin);
  const [node] = badNodes;
  if (node === undefined) return { who: "cannot-tell", where: null, reason: "nothing failed" };
  if (goodDirect.length === 0) {
    const loop = looped
      ? "; local IP = remote IP, so the packets never left the host: its redirect, or the server behind it"
      : "";
    const reason = `${where} failed, and no path past the balancer was watched in that moment${loop}`;
    return { who: "cannot-tell", where, reason };
  }
  const direct = pathsOf(goodDirect);
  if (badNodes.length === 1) {
    const ownDirect = goodDirect.some((cell) => cell.node === node);
    if (goodNodes.length > 0 && ownDirect) {
      const loop = looped ? " (local IP = remote IP: the packets never left it)" : "";
      const reason = `only ${node} failed through the balancer${loop}, ${list(goodNodes)} did not, and ${direct} answered: its hairpin or redirect`;
      return { who: "hairpin", where: node, reason };
    }
    if (looped && ownDirect) {
      const reason = `${where} failed with local IP = remote IP, so its packets never left ${node}, while ${direct} answered: its hairpin or redirect`;
      return { who: "hairpin", where: node, reason };
    }
    const reason =
      goodNodes.length > 0
        ? `only ${node} failed through the balancer, but it had no path past it: its redirect, or the network between`
        : `${where} failed while ${direct} answered; with one node alone, its own redirect and the balancer look the same`;
    return { who: "cannot-tell", where, reason };
  }
  if (goodNodes.length > 0) {
    const reason = `${list(badNodes)} failed through the balancer, ${list(goodNodes)} did not, while ${direct} answered: a part of the balancer, or a backend that no path leads to`;
    return { who: "cannot-tell", where, reason };
  }
  const reason = `every node failed through the balancer (${list(badNodes)}) while ${direct} answered`;
  return { who: "balancer", where: list([...new Set(bad.map(({ path }) => path))]), reason };
}
