import { describe, expect, it } from "vitest";
import { mismatches, type Seen, type SeenConnection } from "./match.js";
import type { Expected } from "./scenario.js";

const dead: SeenConnection = {
  lane: "held",
  close: "abrupt",
  type: "tcp.closed",
  closeNotify: false,
  goaways: [{ lastStreamId: 5, errorCode: 0, debug: "" }],
};
const lost = { scope: "connection", type: "tcp.closed", processed: "maybe", status: null } as const;
const expected: Expected = {
  connections: [
    {
      lane: "held",
      close: "abrupt",
      type: "tcp.closed",
      closeNotify: false,
      goaways: [{ lastStreamId: 5, errorCode: 0 }],
    },
  ],
  requests: [{ ...lost, count: { min: 1, max: 2 } }],
  minOk: 2,
};
const seen = (change: Partial<Seen> = {}): Seen => ({ connections: [dead], requests: [lost], ok: 2, ...change });

describe("mismatches", () => {
  it("finds none where all is as it must be", () => {
    expect(mismatches(expected, seen())).toEqual([]);
    expect(mismatches(expected, seen({ requests: [lost, lost], ok: 9 }))).toEqual([]);
  });

  it("lets pass what a run's end leaves: connections alive or closed by us, attempts cut short, abandoned requests", () => {
    const left = (close: string | null): SeenConnection => ({ ...dead, close, type: null, goaways: [] });
    const connections = [dead, left("alive"), left("local"), left(null)];
    const requests = [lost, { scope: "request", type: "abandoned", processed: "maybe", status: null }];
    expect(mismatches(expected, seen({ connections, requests }))).toEqual([]);
  });

  it.each<[string, Partial<Seen>, RegExp]>([
    ["a connection missing", { connections: [] }, /expected 1 of held, close abrupt.* saw 0/],
    ["a connection too many", { connections: [dead, dead] }, /saw 2/],
    ["another type", { connections: [{ ...dead, type: "tcp.reset" }] }, /not expected: .*tcp\.reset/],
    ["another close", { connections: [{ ...dead, close: "reset" }] }, /not expected: held, close reset/],
    ["another closeNotify", { connections: [{ ...dead, closeNotify: true }] }, /closeNotify true/],
    ["a GOAWAY missing", { connections: [{ ...dead, goaways: [] }] }, /not expected/],
    [
      "another last stream",
      { connections: [{ ...dead, goaways: [{ lastStreamId: 3, errorCode: 0, debug: "" }] }] },
      /last 3/,
    ],
    [
      "a graceful connection nobody expects",
      { connections: [dead, { ...dead, close: "graceful", type: null }] },
      /graceful/,
    ],
    ["a request missing", { requests: [] }, /expected 1 to 2 of connection, tcp\.closed/],
    ["a request too many", { requests: [lost, lost, lost] }, /saw 3/],
    ["another scope", { requests: [{ ...lost, scope: "request" }] }, /not expected: request, tcp\.closed/],
    ["another processed", { requests: [{ ...lost, processed: "yes" }] }, /processed yes/],
    ["too few successes", { ok: 1 }, /at least 2, saw 1/],
  ])("tells %s", (_name, change, words) => {
    expect(mismatches(expected, seen(change)).join("\n")).toMatch(words);
  });

  it("takes the node engine's note for that engine only", () => {
    const noted: Expected = { ...expected, nodeEngine: { connections: [], requests: [], minOk: 0, why: "hidden" } };
    expect(mismatches(noted, { connections: [], requests: [], ok: 0 }, "node")).toEqual([]);
    expect(mismatches(noted, { connections: [], requests: [], ok: 0 }, "wire")).not.toEqual([]);
    expect(mismatches(noted, seen(), "node")).not.toEqual([]);
  });

  it("expects one success where nothing is said", () => {
    const { minOk: _, ...unsaid } = expected;
    expect(mismatches(unsaid, seen({ ok: 0 }))).toHaveLength(1);
  });
});
