import { describe, expect, it } from "vitest";
import type { PathRole } from "./path-role.js";
import { type CellState, findCulprit, type TruthCell } from "./truth-table.js";

const ROLES: Readonly<Record<string, PathRole>> = {
  vip: "balanced",
  local: "local",
  peer: "direct",
  "peer-2": "direct",
};

const cell = (node: string, path: string, state: CellState, more: Partial<TruthCell> = {}): TruthCell => ({
  node,
  path,
  role: ROLES[path] ?? "balanced",
  state,
  ok: state === "good" ? 10 : 0,
  answered: state === "good" ? 10 : 0,
  failed: state === "bad" ? 1 : 0,
  hairpin: false,
  remotes: [path === "vip" ? "10.0.0.2:6443" : path === "local" ? `${node}:6443` : `${path}:6443`],
  ...more,
});

/** `m0 vip=bad local=good`: a row for each node. */
function table(...rows: readonly string[]): TruthCell[] {
  return rows.flatMap((row) => {
    const [node = "", ...cells] = row.split(" ");
    return cells.map((each) => {
      const [path = "", state = ""] = each.split("=");
      return cell(node, path, state as CellState);
    });
  });
}

const who = (...rows: readonly string[]): string => findCulprit(table(...rows)).who;

describe("findCulprit", () => {
  it("calls no hairpin a path that answered while its own server was away", () => {
    const others = table("m1 vip=good local=good", "m2 vip=good local=good");
    const own = (answered: number): TruthCell[] => [cell("m0", "vip", "bad", { answered }), cell("m0", "local", "bad")];
    expect(findCulprit([...own(0), ...others])).toMatchObject({ who: "hairpin", where: "m0" });
    expect(findCulprit([...own(1), ...others])).toMatchObject({ who: "server", where: "local from m0" });
  });

  it("calls the server, where a path without a balancer failed", () => {
    expect(who("m0 vip=good local=bad")).toBe("server");
    expect(who("m0 vip=bad local=bad", "m1 vip=bad local=good")).toBe("server");
    expect(findCulprit(table("m0 vip=bad peer=bad local=good", "m1 vip=good")).where).toBe("peer from m0");
  });

  it("calls the hairpin, where one node alone lost the balanced path and its direct one answered", () => {
    const found = findCulprit(table("m0 vip=bad local=good", "m1 vip=good local=good"));
    expect(found).toMatchObject({ who: "hairpin", where: "m0" });
    expect(found.reason).toContain("m1 did not");
  });

  it("calls the hairpin by its fingerprint, where one node alone watched", () => {
    expect(findCulprit([cell("m0", "vip", "bad", { hairpin: true }), cell("m0", "local", "good")]).who).toBe("hairpin");
    expect(who("m0 vip=bad local=good")).toBe("cannot-tell");
  });

  it("calls the hairpin, where a node lost the balanced path with its own server, and no other node did", () => {
    expect(findCulprit(table("m0 vip=bad local=bad", "m1 vip=good local=good"))).toMatchObject({
      who: "hairpin",
      where: "m0",
    });
    expect(who("m0 vip=bad local=bad", "m1 vip=bad local=good")).toBe("server");
    expect(who("m0 vip=bad local=bad", "m1 vip=unseen local=good")).toBe("server");
    expect(who("m0 vip=good local=bad", "m1 vip=good local=good")).toBe("server");
    expect(who("m0 vip=bad peer=bad local=good", "m1 vip=good local=good")).toBe("server");
  });

  it("calls the balancer, where every node lost it while direct paths answered", () => {
    expect(findCulprit(table("m0 vip=bad local=good", "m1 vip=bad local=good"))).toMatchObject({
      who: "balancer",
      where: "vip",
    });
    expect(who("m0 vip=bad local=good", "m1 vip=bad local=good", "m2 vip=good local=good")).toBe("cannot-tell");
  });

  it("calls the host, where all its paths failed and other nodes saw nothing", () => {
    expect(findCulprit(table("m0 vip=bad local=bad peer=bad", "m1 vip=good local=good"))).toMatchObject({
      who: "host",
      where: "m0",
    });
    expect(who("m0 vip=bad local=bad peer=bad")).toBe("cannot-tell");
    expect(who("m0 vip=bad local=bad peer=good", "m1 vip=good")).toBe("hairpin");
  });

  it("cannot tell a server from the way to it, where another node reached the same address", () => {
    expect(who("m0 peer=bad vip=good", "m1 peer=good vip=good")).toBe("cannot-tell");
    expect(who("m0 peer=bad vip=good", "m1 peer=bad vip=good")).toBe("server");
    expect(who("m0 peer=bad vip=good", "m1 peer-2=good vip=good")).toBe("server");
  });

  it("cannot tell without a path past the balancer, and says why", () => {
    for (const rows of [["m0 vip=bad"], ["m0 vip=bad local=unseen"], ["m0 vip=bad", "m1 vip=bad"]]) {
      const found = findCulprit(table(...rows));
      expect(found.who).toBe("cannot-tell");
      expect(found.reason).toContain("no path past the balancer was watched");
    }
    expect(findCulprit([cell("m0", "vip", "bad", { hairpin: true })]).reason).toContain("never left the host");
  });

  it("takes a path that nothing was asked on for unseen, never for good", () => {
    expect(who("m0 vip=bad local=good", "m1 vip=unseen local=good")).toBe("cannot-tell");
  });
});
