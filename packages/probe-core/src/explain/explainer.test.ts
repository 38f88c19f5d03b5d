import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../limits.js";
import type { Explanation } from "./explain-types.js";
import { createExplainer } from "./explainer.js";

const REFERENCE_MS = Date.UTC(2026, 10, 22);
const REPORT = readFileSync(
  new URL("../../test/fixtures/graceful-termination-report.md", import.meta.url),
  "utf8",
).split("\n");

function explain(lines: readonly string[], year?: number): Explanation {
  const explainer = createExplainer({ referenceMs: REFERENCE_MS, ...(year === undefined ? {} : { year }) });
  for (const line of lines) explainer.push(line);
  return explainer.finish();
}

/** The lines of the report whose text is evidence of a finding. */
const cited = (explanation: Explanation, id: string): string[] =>
  explanation.findings
    .filter((finding) => finding.id === id)
    .flatMap(({ evidence }) => evidence.map((line) => REPORT[line - 1] ?? ""));
const texts = (explanation: Explanation, id: string): string[] =>
  explanation.findings.filter((finding) => finding.id === id).map(({ text }) => text);

describe("the report that this project comes from", () => {
  const told = explain(REPORT, 2020);

  it("has its log lines read, and its prose counted and left out", () => {
    const isLog = REPORT.filter((line) => /^[IE]0\d{3} /.test(line)).length;
    expect(isLog).toBe(50);
    expect(told.lines).toEqual({ total: REPORT.length, parsed: isLog, ignored: REPORT.length - isLog, failures: 43 });
  });

  it("has one connection behind each node's errors", () => {
    expect(
      told.connections
        .filter(({ grouping }) => grouping === "address")
        .map(({ local, remote, failures, unsafeToRetry, byType, firstAt }) => [
          local,
          remote,
          failures,
          unsafeToRetry,
          Object.keys(byType),
          firstAt.slice(0, 19),
        ]),
    ).toEqual([
      ["10.0.0.6:52950", "10.0.0.2:6443", 2, 2, ["tcp.broken_pipe"], "2020-06-08T21:45:21"],
      ["10.0.0.2:38082", "10.0.0.2:6443", 6, 6, ["tcp.reset"], "2020-06-09T13:26:01"],
      ["10.0.0.2:35314", "10.0.0.2:6443", 11, 9, ["tcp.reset"], "2020-06-09T13:28:50"],
      ["10.0.0.2:58314", "10.0.0.2:6443", 10, 10, ["tcp.reset"], "2020-06-09T13:31:02"],
      ["10.0.0.6:51234", "10.0.0.2:6443", 4, 0, ["tcp.broken_pipe"], "2020-06-09T21:34:21"],
    ]);
    expect(texts(told, "one-connection")).toHaveLength(5);
    expect(texts(told, "several-connections")).toEqual([]);
  });

  it("went round the balancer on GCP 4.4.7, and there alone", () => {
    expect(told.connections.map(({ local, hairpin }) => [local, hairpin])).toEqual([
      ["10.0.0.6:52950", false],
      [null, null],
      ["10.0.0.2:38082", true],
      ["10.0.0.2:35314", true],
      ["10.0.0.2:58314", true],
      [null, null],
      [null, null],
      ["10.0.0.6:51234", false],
    ]);
    expect(cited(told, "hairpin")).toHaveLength(27);
    for (const line of cited(told, "hairpin")) expect(line).toContain("tcp 10.0.0.2:");
  });

  it("had its markers come over the failing path", () => {
    expect(
      told.markers.map(({ reason, pod, lagAfterFailureMs }) => [reason, pod?.slice(-8), lagAfterFailureMs]),
    ).toEqual([
      ["Started", "internal", null],
      ["BackOff", "master-0", null],
      ["TerminationMinimalShutdownDurationFinished", "master-0", 272.009],
      ["TerminationMinimalShutdownDurationFinished", "master-1", 270.564],
      ["BackOff", "master-2", null],
      ["TerminationMinimalShutdownDurationFinished", "master-2", 204.814],
    ]);
    expect(texts(told, "marker-on-failing-path")).toHaveLength(3);
  });

  it("shows two nodes of GCP 4.5 losing their connections 9 ms apart", () => {
    expect(texts(told, "same-instant")).toEqual([
      expect.stringMatching(/master-0 node .* master-1 node failed 9 ms apart/),
    ]);
    expect(cited(told, "same-instant").map((line) => line.slice(0, 21))).toEqual([
      "E0609 21:34:21.036881",
      "E0609 21:34:21.045789",
    ]);
  });

  it("lost writes that are unsafe to retry, and lines that name no verb are none of them", () => {
    expect(texts(told, "unsafe-to-retry")).toEqual([
      expect.stringMatching(/^29 lost writes unsafe to retry: DELETE 21, POST 8\./),
    ]);
    expect(texts(told, "lines-not-requests")).toEqual([expect.stringMatching(/^2 lines /)]);
  });

  it("did not test new connections", () => expect(texts(told, "new-connections-not-tested")).toHaveLength(1));

  it("leaves open what its texts leave open", () => {
    expect(told.limits.map(({ id }) => id)).toEqual([
      "goaway-hides-end",
      "eof-hides-goodbye",
      "pipe-hides-end",
      "reset-has-no-author",
    ]);
    expect(texts(told, "no-address")).toEqual([expect.stringMatching(/^10 failures in 3 bursts /)]);
    expect(texts(told, "two-faces")).toEqual([expect.stringMatching(/176 ms apart/)]);
    expect(texts(told, "last-stream")).toEqual([expect.stringMatching(/188667: about 94334 requests/)]);
  });

  it("is read the same whatever is around it: lines alone, without headings", () => {
    const bare = explain(
      REPORT.filter((line) => /^[IE]0\d{3} /.test(line)),
      2020,
    );
    expect(bare.lines).toMatchObject({ total: 50, ignored: 0 });
    expect(bare.connections.map(({ local, failures }) => [local, failures])).toEqual(
      told.connections.map(({ local, failures }) => [local, failures]),
    );
    // Without headings nothing says that these were two hosts.
    expect(texts(bare, "same-instant")).toEqual([]);
  });
});

const KLOG = "E0608 21:45:21.";

describe("connections", () => {
  it("a port that is used again later is another connection", () => {
    const reset = "read tcp 10.0.0.6:5->10.0.0.2:6443: read: connection reset by peer";
    const { connections } = explain([
      `E0608 21:45:21.000000 1 a.go:1] ${reset}`,
      `E0608 21:46:21.000000 1 a.go:1] ${reset}`,
      `E0608 22:45:21.000000 1 a.go:1] ${reset}`,
    ]);
    expect(connections.map(({ failures }) => failures)).toEqual([2, 1]);
  });

  it("failures without an address are one burst only while they are close and alike", () => {
    const { connections } = explain([
      `${KLOG}000000 1 a.go:1] Get "https://h/x": unexpected EOF`,
      `${KLOG}900000 1 a.go:1] Get "https://h/x": unexpected EOF`,
      `${KLOG}950000 1 a.go:1] Get "https://h/x": http2: client connection lost`,
      `E0608 21:45:23.000000 1 a.go:1] Get "https://h/x": unexpected EOF`,
    ]);
    expect(connections.map(({ failures, byType, grouping }) => [failures, Object.keys(byType)[0], grouping])).toEqual([
      [2, "tcp.closed", "burst"],
      [1, "h2.ping.timed_out", "burst"],
      [1, "tcp.closed", "burst"],
    ]);
  });

  it("a failed attempt is told apart, and answers whether new connections were tested", () => {
    const told = explain([
      `${KLOG}000000 1 a.go:1] Get "https://h/x": dial tcp 10.0.0.2:6443: connect: connection refused`,
      `${KLOG}100000 1 a.go:1] Get "https://h/x": unexpected EOF`,
    ]);
    expect(told.attempts).toMatchObject([{ remote: "10.0.0.2:6443", type: "tcp.refused", failures: 1 }]);
    expect(told.findings.map(({ id }) => id)).toContain("new-connections-failed");
    expect(told.findings.map(({ id }) => id)).not.toContain("new-connections-not-tested");
  });

  it("what the client gave up by itself is no failure of the service", () => {
    const told = explain([`${KLOG}000000 1 a.go:1] Post "https://h/x": context canceled`]);
    expect(told.requests).toMatchObject([{ type: "abandoned", unsafeToRetry: 0 }]);
    expect(told.findings.map(({ id }) => id)).toEqual(["given-up-by-the-client"]);
  });
});

describe("the API server's own log beside a client's", () => {
  const told = (() => {
    const explainer = createExplainer({ year: 2020, referenceMs: REFERENCE_MS });
    explainer.startFile("termination.log");
    explainer.push(
      'I0608 21:44:11.900000 1 genericapiserver.go:1] "[graceful-termination] shutdown event" name="ShutdownInitiated"',
    );
    explainer.push(
      'I0608 21:45:21.900000 1 genericapiserver.go:1] "[graceful-termination] shutdown event" name="AfterShutdownDelayDuration"',
    );
    explainer.startFile("client.log");
    explainer.push(
      `${KLOG}938909 1 a.go:1] Get "https://h/x": write tcp 10.0.0.6:5->10.0.0.2:6443: write: broken pipe`,
    );
    return explainer.finish();
  })();

  it("dates the failure by it", () => {
    expect(told.markers.map(({ reason, told: by, nextFailureAfterMs }) => [reason, by, nextFailureAfterMs])).toEqual([
      ["ShutdownInitiated", "signal", 70_038.909],
      ["AfterShutdownDelayDuration", "signal", 38.909],
    ]);
    expect(texts(told, "failure-after-signal")).toHaveLength(2);
    expect(texts(told, "marker-on-failing-path")).toEqual([]);
  });

  it("numbers lines through, and says where each file begins", () => {
    expect(told.files).toEqual([
      { file: "termination.log", firstLine: 1, lines: 2 },
      { file: "client.log", firstLine: 3, lines: 1 },
    ]);
    expect(told.connections[0]?.evidence).toEqual([3]);
  });
});

describe("any input", () => {
  const piece = fc.oneof(
    fc.constantFrom(...REPORT.filter((line) => line !== "")),
    fc.constantFrom(
      "EOF",
      "read tcp ",
      "10.0.0.2:5->",
      "[::1]:6443",
      ": ",
      "http2: ",
      '"',
      "\\",
      "GOAWAY",
      "LastStreamID=",
      "{",
      "}",
      "```",
      "## ",
      "E0608 21:45:21.938909 1 a.go:1] ",
    ),
    fc.string(),
  );
  const line = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));

  it("adds up and never throws", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const told = explain(lines);
        expect(told.lines.total).toBe(lines.length);
        expect(told.lines.parsed + told.lines.ignored).toBe(lines.length);
        const counted = [...told.connections, ...told.attempts, ...told.requests].reduce(
          (sum, { failures }) => sum + failures,
          0,
        );
        expect(counted).toBe(told.lines.failures);
        for (const { failures, byType, byVerb, unsafeToRetry, firstAt, lastAt, evidence } of told.connections) {
          expect(Object.values(byType).reduce((sum, times) => sum + times, 0)).toBe(failures);
          expect(Object.values(byVerb).reduce((sum, times) => sum + times, 0)).toBe(failures);
          expect(unsafeToRetry).toBeLessThanOrEqual(failures);
          expect(firstAt <= lastAt).toBe(true);
          expect(evidence).toHaveLength(failures);
        }
        for (const { evidence } of told.findings)
          for (const number of evidence) expect(number).toBeLessThanOrEqual(lines.length);
      }),
    );
  });

  it("does not depend on lines that are no log", () => {
    const klog = REPORT.filter((text) => /^E0\d{3} /.test(text));
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z ,.]*$/), { minLength: klog.length, maxLength: klog.length }),
        (prose) => {
          const mixed = explain(
            klog.flatMap((text, index) => [text, prose[index] ?? ""]),
            2020,
          );
          const alone = explain(klog, 2020);
          const plain = ({ connections }: Explanation) => connections.map(({ evidence: _, part: __, ...rest }) => rest);
          expect(plain(mixed)).toEqual(plain(alone));
        },
      ),
    );
  });

  it.each([
    ["an address that never ends", `${KLOG}000000 1 a.go:1] read tcp ${"a.".repeat(200_000)}`],
    ["many beginnings of one", `${KLOG}000000 1 a.go:1] ${"read tcp [".repeat(20_000)}`],
    [
      "many signals without a name",
      `${KLOG}000000 1 a.go:1] ${"[graceful-termination] shutdown event ".repeat(5_000)}`,
    ],
    ["many events without an end", `${KLOG}000000 1 a.go:1] ${"Event(v1.ObjectReference{".repeat(8_000)}`],
    ["many objects", `${KLOG}000000 1 a.go:1] ${'Event occurred object="'.repeat(8_000)}`],
    ["blanks", `${KLOG}000000${" ".repeat(200_000)}1 a.go:1] EOF`],
    ["deep JSON", `{"ts":1591652721,"msg":${"[".repeat(100_000)}`],
    ["a heading of blanks", `# ${" ".repeat(200_000)}x`],
    ["stars", "*".repeat(200_000)],
  ])("is read in time that grows with its length alone: %s", (_name, text) => {
    const started = performance.now();
    for (let times = 0; times < 20; times += 1) explain([text]);
    // Of a long line 16 KiB are read: a few milliseconds at most. An expression that backtracks takes minutes.
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it("keeps a bounded number of groups, and counts the rest", () => {
    const lines = Array.from(
      { length: LIMITS.explainGroups + 5 },
      (_, port) =>
        `${KLOG}000000 1 a.go:1] read tcp 10.${port >> 8}.${port & 255}.1:5->10.0.0.2:6443: read: connection reset by peer`,
    );
    const told = explain(lines);
    expect(told.connections).toHaveLength(LIMITS.explainGroups);
    expect(told.drops).toEqual({ "failures.ungrouped": 5 });
  });
});
