import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.js";
import { ParseProblem } from "./parse-problem.js";
import { connectTo, endpoint, namedUrl, requestLine, requestPath, targetUrl } from "./target-values.js";
import { count, duration, oneOf, orNone, rate } from "./values.js";

const ANY = duration({ minNs: 0, maxNs: Number.MAX_SAFE_INTEGER });

describe("duration", () => {
  it.each([
    ["250ms", 250e6],
    ["10s", 10e9],
    ["1m30s", 90e9],
    ["1.5s", 1.5e9],
    ["1h", 3600e9],
    ["2us", 2e3],
    ["7ns", 7],
    ["0s", 0],
  ])("%s is %d ns", (text, ns) => {
    expect(ANY(text)).toBe(ns);
  });

  it.each(["10", "", "s", "10 s", "-1s", "1e3s", "ten", "1s-", "1d"])("refuses %j", (text) => {
    expect(() => ANY(text)).toThrow(ParseProblem);
  });

  it("asks for the unit where only that is missing", () => {
    expect(() => ANY("10")).toThrow("write 10s or 10ms");
  });

  it("keeps within its range and names the bound", () => {
    const parse = duration({ minNs: 10e6, maxNs: 3600e9 });
    expect(() => parse("9ms")).toThrow("at least 10ms");
    expect(() => parse("2h")).toThrow("at most 1h");
  });

  it("never gives anything but a whole number of ns", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          return Number.isSafeInteger(ANY(text));
        } catch (error) {
          return error instanceof ParseProblem;
        }
      }),
    );
  });
});

describe("numbers", () => {
  it("takes rates as decimals", () => {
    expect(rate(100)("0.5")).toBe(0.5);
    expect(rate(100)("0")).toBe(0);
  });

  it.each(["-1", "1e3", "101", "0.0001", "50/s", ""])("refuses the rate %j", (text) => {
    expect(() => rate(100)(text)).toThrow(ParseProblem);
  });

  it.each(["1.5", "-1", "11", "x", ""])("refuses the count %j", (text) => {
    expect(() => count(0, 10)(text)).toThrow(ParseProblem);
  });

  it("lets a limit be none", () => {
    expect(orNone(count(0, 10))("none")).toBe("none");
    expect(orNone(count(0, 10))("3")).toBe(3);
  });

  it("names the words it knows", () => {
    expect(() => oneOf(["wire", "node"])("nod")).toThrow("wire, node");
  });
});

describe("targets", () => {
  it("takes URLs and named URLs", () => {
    expect(targetUrl("https://h:6443/version?x=1#y")).toBe("https://h:6443/version?x=1");
    expect(namedUrl("vip=http://10.0.0.2:80/a=b")).toEqual({ name: "vip", url: "http://10.0.0.2/a=b" });
  });

  it.each(["h:6443", "ftp://h", "https://", "https://u:p@h/", "not a url", "https://h:0", "//h"])(
    "refuses %j",
    (text) => {
      expect(() => targetUrl(text)).toThrow(ParseProblem);
    },
  );

  it.each(["https://h", "=https://h", "a b=https://h", "vip", "vip=h:1"])("refuses the path %j", (text) => {
    expect(() => namedUrl(text)).toThrow(ParseProblem);
  });

  it("takes addresses, never names", () => {
    expect(connectTo("10.0.0.2:6443")).toEqual({ name: null, endpoint: "10.0.0.2:6443" });
    expect(connectTo("vip=[fd00::2]:443")).toEqual({ name: "vip", endpoint: "[fd00::2]:443" });
  });

  it.each(["host:1", "10.0.0.2", "10.0.0.2:0", "10.0.0.2:65536", "fd00::2:443", "[10.0.0.2]:1", "10.0.0.256:1"])(
    "refuses the address %j",
    (text) => {
      expect(() => endpoint(text)).toThrow(ParseProblem);
    },
  );
});

describe("requests", () => {
  it("takes a method, a path and a body", () => {
    expect(requestLine("GET /version")).toEqual({ method: "GET", path: "/version" });
    expect(requestLine("/version")).toEqual({ method: "GET", path: "/version" });
    expect(requestLine('post /items {"a": 1}')).toEqual({ method: "POST", path: "/items", body: '{"a": 1}' });
    expect(requestLine("DELETE /items/1")).toEqual({ method: "DELETE", path: "/items/1" });
  });

  it.each(["GET", "GET version", "", "GET /a b", "CONNECT /x", "GET /ü", "GET /#top"])("refuses %j", (text) => {
    expect(() => requestPath(requestLine(text).path)).toThrow(ParseProblem);
  });
});

describe("nearest", () => {
  const known = ["--request-timeout", "--request", "--rate", "--target", "--sessions", "--max-unsafe"];
  it.each([
    ["--raet", "--rate"],
    ["--request-timout", "--request-timeout"],
    ["--session", "--sessions"],
    ["--taget", "--target"],
    ["--max-unsave", "--max-unsafe"],
  ])("takes %s for %s", (typo, meant) => {
    expect(nearest(typo, known)).toBe(meant);
  });

  it("does not guess at what is far from everything", () => {
    expect(nearest("--frobnicate", known)).toBeNull();
  });
});
