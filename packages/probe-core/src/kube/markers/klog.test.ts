import { describe, expect, it } from "vitest";
import { klogTime, parseKlogLine } from "./klog.js";

/** Lines of the report that this project began with. */
const SEED_EVENT =
  "I0609 13:28:51.035238       1 kube-apiserver-rollout.go:71] kube-apiserver roll out event: event=TerminationMinimalShutdownDurationFinished pod=kube-apiserver-ci-ln-x2y9dyk-f76d1-rg58w-master-0";
const SEED_ERROR =
  'E0608 21:45:22.114469       1 steps.go:17] step error=Delete https://api-int.tkashem.gcp.devcluster.openshift.com:6443/api/v1/namespaces/graceful-testxgt57/serviceaccounts/test-wcs55: http2: server sent GOAWAY and closed the connection; LastStreamID=188667, ErrCode=NO_ERROR, debug=""';

const timeOf = (line: string, near: string, zonesMinutes: readonly number[] = [0]): string | undefined => {
  const klog = parseKlogLine(line);
  return klog === null ? undefined : klogTime(klog, { nearMs: Date.parse(near), zonesMinutes })?.iso;
};

describe("klog lines", () => {
  it("are taken apart", () => {
    expect(parseKlogLine(SEED_EVENT)).toEqual({
      severity: "I",
      month: 6,
      day: 9,
      microsOfDay: ((13 * 60 + 28) * 60 + 51) * 1e6 + 35_238,
      message: SEED_EVENT.slice(SEED_EVENT.indexOf("] ") + 2),
    });
    expect(parseKlogLine(SEED_ERROR)).toMatchObject({ severity: "E", month: 6, day: 8 });
  });

  it.each([
    ["a line of Go's log", "2020/06/09 13:28:51 http: TLS handshake error"],
    ["the second line of a message", "\tgoroutine 1 [running]:"],
    ["no severity", SEED_EVENT.slice(1)],
    ["a month 13", SEED_EVENT.replace("0609", "1309")],
    ["an hour 24", SEED_EVENT.replace(" 13:", " 24:")],
    ["milliseconds only", SEED_EVENT.replace("035238", "035")],
    ["nothing", ""],
  ])("are not %s", (_what, line) => expect(parseKlogLine(line)).toBeNull());

  it("are dated in the year nearest to now", () => {
    expect(timeOf(SEED_EVENT, "2020-06-09T13:28:52Z")).toBe("2020-06-09T13:28:51.035238000Z");
    expect(timeOf(SEED_EVENT, "2025-12-01T00:00:00Z")).toBe("2025-06-09T13:28:51.035238000Z");
    const lastDay = SEED_EVENT.replace("0609 13:28:51", "1231 23:59:59");
    expect(timeOf(lastDay, "2026-01-01T00:00:00.100Z")).toBe("2025-12-31T23:59:59.035238000Z");
    const firstDay = SEED_EVENT.replace("0609 13:28:51", "0101 00:00:00");
    expect(timeOf(firstDay, "2025-12-31T23:59:59.900Z")).toBe("2026-01-01T00:00:00.035238000Z");
  });

  it("know leap days", () => {
    const leap = SEED_EVENT.replace("0609", "0229");
    expect(timeOf(leap, "2025-02-28T12:00:00Z")).toBe("2024-02-29T13:28:51.035238000Z");
    expect(timeOf(leap, "2026-03-01T12:00:00Z")).toBeUndefined();
  });

  it("are dated in the zone that fits", () => {
    expect(timeOf(SEED_EVENT, "2020-06-09T11:28:52Z", [0, 120])).toBe("2020-06-09T11:28:51.035238000Z");
    expect(timeOf(SEED_EVENT, "2020-06-09T13:28:52Z", [0, 120])).toBe("2020-06-09T13:28:51.035238000Z");
    expect(timeOf(SEED_EVENT, "2020-06-09T08:00:00Z", [330])).toBe("2020-06-09T07:58:51.035238000Z");
  });
});
