import { describe, expect, it } from "vitest";
import { parseKlogLine } from "./klog.js";
import { TerminationReader, terminationWord } from "./termination-words.js";

/** Reads a log as the follower does; `00:00:SS` of each line is its time. */
function markers(lines: readonly string[]): string[] {
  const reader = new TerminationReader();
  return lines.flatMap((line) => {
    const klog = parseKlogLine(line);
    const word = klog === null ? null : terminationWord(klog.message);
    const moment = klog === null || word === null ? null : reader.read(word, klog.microsOfDay / 1_000);
    return moment === null ? [] : [moment.marker];
  });
}

const at = (second: number, message: string): string =>
  `I0609 13:28:${String(second).padStart(2, "0")}.000001       1 genericapiserver.go:579] ${message}`;
const signal = (name: string): string => `"[graceful-termination] shutdown event" name="${name}"`;
const event = (reason: string, kind = "Pod"): string =>
  `Event(v1.ObjectReference{Kind:"${kind}", Namespace:"openshift-kube-apiserver", Name:"kube-apiserver-master-0", UID:"", APIVersion:"v1", ResourceVersion:"", FieldPath:""}): type: 'Normal' reason: '${reason}' whatever it says`;

describe("the words of a termination", () => {
  it("of upstream's klog, as of 1.36", () => {
    expect(
      markers([
        at(0, '"[graceful-termination] waiting for shutdown to be initiated"'),
        at(1, signal("ShutdownInitiated")),
        at(1, '"[graceful-termination] pre-shutdown hooks completed" name="PreShutdownHooksStopped"'),
        at(11, signal("AfterShutdownDelayDuration")),
        at(11, signal("NotAcceptingNewRequest")),
        at(11, '"[graceful-termination] in-flight non long-running request(s) have drained"'),
        at(12, signal("InFlightRequestsDrained")),
        at(12, signal("HTTPServerStoppedListening")),
        at(13, '"[graceful-termination] apiserver is exiting"'),
      ]),
    ).toEqual(["termination.started", "delay.finished", "not.accepting", "drained", "listener.stopped", "terminated"]);
  });

  it("of the releases around 4.5, as events", () => {
    expect(
      markers([
        at(0, event("TerminationStart", "Namespace")),
        at(0, event("TerminationPreShutdownHooksFinished")),
        at(50, event("TerminationMinimalShutdownDurationFinished")),
        at(50, event("TerminationStoppedServing")),
        at(51, event("TerminationGracefulTerminationFinished")),
      ]),
    ).toEqual(["termination.started", "delay.finished", "listener.stopped", "terminated"]);
  });

  it("of the report's own log", () => {
    const line =
      "I0609 13:31:02.851438       1 kube-apiserver-rollout.go:71] kube-apiserver roll out event: event=TerminationMinimalShutdownDurationFinished pod=kube-apiserver-ci-ln-x2y9dyk-f76d1-rg58w-master-1";
    expect(markers([line, line.replace("TerminationMinimalShutdownDurationFinished", "BackOff")])).toEqual([
      "delay.finished",
    ]);
    expect(terminationWord(parseKlogLine(line)?.message ?? "")?.pod).toBe(
      "kube-apiserver-ci-ln-x2y9dyk-f76d1-rg58w-master-1",
    );
  });

  it("structured events are read as well", () => {
    const message =
      '"Event occurred" object="openshift-kube-apiserver/kube-apiserver-master-0" kind="Pod" type="Normal" reason="ShutdownInitiated" message="x"';
    expect(terminationWord(message)).toEqual({
      form: "event",
      name: "ShutdownInitiated",
      pod: "kube-apiserver-master-0",
    });
  });
});

describe("a line of a megabyte that almost says something", () => {
  it.each([
    "Event occurred object=",
    'Event occurred object="" ',
    '"Event occurred" object="a" reason="b ',
    "[graceful-termination] shutdown event ",
    "Event(v1.ObjectReference{",
    'Event(v1.ObjectReference{Kind:"Pod"}): type: ',
    "roll out event: event=a pod",
  ])("%s is read in one go", (words) => {
    const line = words.repeat(Math.ceil((1024 * 1024) / words.length));
    const began = performance.now();
    expect(terminationWord(line)).toBeNull();
    // Generous for a machine with much else to do; with the square of its length it takes minutes.
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("and a word behind it is still found", () => {
    const filler = "Event(v1.ObjectReference{".repeat(40_000);
    expect(terminationWord(filler + event("ShutdownInitiated"))?.name).toBe("ShutdownInitiated");
  });
});

describe("InFlightRequestsDrained", () => {
  it("as OpenShift's event, said before anything is drained, means that no new request is accepted", () => {
    expect(
      markers([
        at(0, event("ShutdownInitiated")),
        at(40, event("AfterShutdownDelayDuration")),
        at(40, event("InFlightRequestsDrained")),
        at(40, signal("NotAcceptingNewRequest")),
        at(45, signal("InFlightRequestsDrained")),
        at(45, event("HTTPServerStoppedListening")),
      ]),
    ).toEqual(["termination.started", "delay.finished", "not.accepting", "drained", "listener.stopped"]);
  });

  it("as an event after one of the right name means what it says", () => {
    const proper = ["ShutdownInitiated", "NotAcceptingNewRequest", "InFlightRequestsDrained"];
    expect(markers(proper.map((reason, second) => at(second, event(reason))))).toEqual([
      "termination.started",
      "not.accepting",
      "drained",
    ]);
  });

  it("as klog's signal means what it says, whatever came before", () => {
    expect(markers([at(0, signal("ShutdownInitiated")), at(1, signal("InFlightRequestsDrained"))])).toEqual([
      "termination.started",
      "drained",
    ]);
  });

  it("in the next termination is misnamed again", () => {
    const once = ["ShutdownInitiated", "InFlightRequestsDrained", "TerminationGracefulTerminationFinished"];
    const lines = [...once, ...once].map((reason, index) => at(index * 5, event(reason)));
    expect(markers(lines)).toEqual(Array(2).fill(["termination.started", "not.accepting", "terminated"]).flat());
  });
});

describe("a marker is told once in a termination", () => {
  it("by the first of two words for it", () => {
    expect(markers([at(0, event("TerminationStart")), at(0, signal("ShutdownInitiated"))])).toEqual([
      "termination.started",
    ]);
    expect(
      markers([at(0, signal("ShutdownInitiated")), at(9, event("LateConnections")), at(9, event("LateConnections"))]),
    ).toEqual(["termination.started", "late.connections"]);
  });

  it("and again when a server is killed before it could say more", () => {
    expect(markers([at(0, signal("ShutdownInitiated")), at(50, signal("ShutdownInitiated"))])).toEqual([
      "termination.started",
      "termination.started",
    ]);
  });

  it.each(["ShutdownInitiated", "[graceful-termination]", 'name="ShutdownInitiated"', "reason: 'ShutdownInitiated'"])(
    "%s alone is not a word",
    (message) => expect(terminationWord(message)).toBeNull(),
  );
  it("nor is a name that an object inherits", () => {
    expect(markers([at(0, event("constructor")), at(0, signal("toString"))])).toEqual([]);
  });
});
