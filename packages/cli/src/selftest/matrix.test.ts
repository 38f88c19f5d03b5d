import { describe, expect, it } from "vitest";
import { compare } from "./compare.js";
import { NOTHING_EXPECTED, NOTHING_SEEN } from "./labels.js";
import { ConfusionMatrix } from "./matrix.js";

const reset = {
  kind: "verdict",
  scope: "connection",
  conn: 1,
  path: "p",
  lane: "held",
  local: null,
  remote: null,
  close: "reset",
  type: "tcp.reset",
  closeNotify: null,
  goaways: [],
  requestsInFlight: 0,
  t: 1,
  u: 1,
  evidence: [1],
} as const;
const wantReset = { connections: [{ lane: "held", close: "reset", type: "tcp.reset" }], requests: [], minOk: 0 };

describe("the confusion matrix", () => {
  it("puts what was expected and seen on its diagonal", () => {
    const matrix = new ConfusionMatrix();
    const comparison = compare(wantReset, { verdicts: [reset], ok: 0 }, "wire");
    matrix.add(comparison.cells);
    expect(comparison.problems).toEqual([]);
    expect(matrix.cells()).toEqual([{ expected: "tcp.reset / reset", seen: "tcp.reset / reset", count: 1 }]);
    expect(matrix.offDiagonal()).toEqual([]);
  });

  it("shows what was taken for what", () => {
    const matrix = new ConfusionMatrix();
    const comparison = compare(
      wantReset,
      { verdicts: [{ ...reset, close: "abrupt", type: "tcp.closed" }], ok: 0 },
      "wire",
    );
    matrix.add(comparison.cells);
    expect(comparison.problems).toHaveLength(2);
    expect(matrix.offDiagonal()).toEqual([{ expected: "tcp.reset / reset", seen: "tcp.closed / abrupt", count: 1 }]);
    expect(matrix.summaryLines().join("\n")).toContain("OFF THE DIAGONAL");
  });

  it("shows what was missed, and what came from nowhere", () => {
    const matrix = new ConfusionMatrix();
    matrix.add(compare(wantReset, { verdicts: [], ok: 0 }, "wire").cells);
    matrix.add(compare({ ...wantReset, connections: [] }, { verdicts: [reset], ok: 0 }, "wire").cells);
    expect(matrix.offDiagonal()).toEqual([
      { expected: "tcp.reset / reset", seen: NOTHING_SEEN, count: 1 },
      { expected: NOTHING_EXPECTED, seen: "tcp.reset / reset", count: 1 },
    ]);
    expect(matrix.gridLines()).toHaveLength(1 + 3);
  });

  it("tells a wrong close_notify, though the label is the same", () => {
    const wanted = {
      ...wantReset,
      connections: [{ lane: "held", close: "reset", type: "tcp.reset", closeNotify: true }],
    };
    expect(compare(wanted, { verdicts: [reset], ok: 0 }, "wire").problems).not.toEqual([]);
  });

  it("does not need to be told of connections that ended as all do", () => {
    const alive = { ...reset, close: "alive", type: null } as const;
    expect(compare({ ...wantReset, connections: [] }, { verdicts: [alive], ok: 0 }, "wire").problems).toEqual([]);
  });
});
