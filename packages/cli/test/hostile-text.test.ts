import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Incident, type LogRecord, PrometheusSink } from "@drainprobe/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closing, fin, HEADER, rst, Trace } from "../../probe-core/test/trace-builder.js";
import { incidentWords } from "../src/live/incident-words.js";
import { cli } from "./support/capture.js";

const MEGABYTE = 1024 * 1024;
/** Text of a peer, of an object or of a log, in the forms that hurt: and as much of each as a record may hold. */
const HOSTILE: Readonly<Record<string, string>> = {
  "terminal escapes": "\x1b]0;owned\x07\x1b[31mred\x9b2J\x1b[2K\r",
  "end of script": "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><!-- ]]> &amp;",
  "bidi controls": "\u202egnp.exe\u2066\u2067\u2068\u2069\u200f\u061c",
  NUL: "a\0b\0",
  "lone surrogates": "\ud800x\udfff\ud83d",
  "line breaks": 'x\n{"kind":"run.footer"}\r\n# TYPE evil counter\nevil 1\u2028\u2029',
};
const CASES = Object.entries(HOSTILE).flatMap(([name, text]) => [
  [name, text] as const,
  [`all that a record may hold of ${name}`, text.repeat(Math.floor(16_000 / text.length))] as const,
]);

/** What no terminal, page or label may ever get from us. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/u;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drainprobe-hostile-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A log in which everything that can be text is this text: as a server, a cluster, or whoever wrote the log would have it. */
function hostileLog(text: string): LogRecord[] {
  const trace = new Trace();
  const path = text;
  trace.start(1, "held", path);
  trace.add({ kind: "tcp.connect.complete", conn: 1, local: text, remote: text });
  trace.send(1, { conn: 1, path });
  trace.send(2, { conn: 1, path, method: text });
  trace.add(
    { kind: "backend.identified", conn: 1, backend: text, by: text as never },
    { kind: "backend.named", backend: text, alias: `${text}2`, by: text as never },
    { kind: "run.mark", name: text },
    { kind: "h2.goaway.received", conn: 1, index: 1, lastStreamId: 3, errorCode: 2, debug: text, debugBytes: 9 },
    {
      kind: "h2.headers.received",
      conn: 1,
      stream: 1,
      request: 1,
      status: 503,
      endStream: true,
      contentLength: null,
      retryAfter: text,
    },
    { kind: "h2.stream.ended", conn: 1, stream: 1, request: 1, bytes: 0 },
    rst(1),
  );
  trace.closed(1);
  trace.start(2, "fresh.tls", path);
  trace.handshake(2);
  trace.add({ kind: "tls.handshake.failed", conn: 2, code: text, reason: text, alert: null }, closing("tls.failed", 2));
  trace.closed(2);
  trace.start(3, "idle", path);
  trace.add(
    { kind: "h2.protocol.error", conn: 3, stream: null, request: null, errorCode: 1, rule: text, message: text },
    fin(3),
  );
  trace.closed(3);
  trace.add({
    kind: "dns.resolve.failed",
    conn: 4,
    path,
    lane: "fresh.tcp",
    host: text,
    code: text,
    syscall: text,
    errno: null,
  });
  const header = {
    ...HEADER,
    node: text,
    versions: { drainprobe: text },
    addresses: [text],
    config: { paths: [{ name: path, url: text }] },
  };
  return [header, ...trace.events, trace.footer()];
}

function written(name: string, text: string): string {
  const file = join(folder, `${name.replace(/[^a-z]/gi, "-")}.jsonl`);
  writeFileSync(
    file,
    hostileLog(text)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join(""),
  );
  return file;
}

describe.each(CASES)("a log full of %s", (name, text) => {
  it("is shown as text that a terminal can be given, and is not longer than a person reads", async () => {
    const { code, stdout, stderr } = await cli(["report", written(name, text)]);
    expect(code, stderr.slice(0, 500)).toBe(1);
    expect(FORBIDDEN.exec(stdout + stderr)?.[0].codePointAt(0)).toBe(undefined);
    expect(stdout.length).toBeLessThan(100_000);
  });

  it("becomes JSON that every reader takes, without a byte a terminal would act on", async () => {
    const { stdout } = await cli(["report", "--json", written(name, text)]);
    expect(JSON.parse(stdout)).toMatchObject({ schema: "drainprobe.summary/1", verdict: "fail" });
    expect(FORBIDDEN.exec(stdout)?.[0].codePointAt(0)).toBe(undefined);
  });

  it("becomes a page that runs nothing but its own script", async () => {
    const html = join(folder, "page.html");
    await cli(["report", "--html", html, written(name, text)]);
    expect(existsSync(html)).toBe(true);
    const page = readFileSync(html, "utf8");
    expect(page).toMatch(/<meta http-equiv="Content-Security-Policy"/i);
    expect(page).not.toContain("<img src=x");
    expect(page.split(/<script/i).length).toBe(page.split(/<\/script/i).length);
    expect(page.split("alert(1)</script>")).toHaveLength(1);
    expect(FORBIDDEN.exec(page)?.[0].codePointAt(0)).toBe(undefined);
    expect(page.length).toBeLessThan(3 * MEGABYTE);
  });

  it("becomes JUnit XML without markup or characters of its own", async () => {
    const junit = join(folder, "junit.xml");
    await cli(["report", "--junit", junit, written(name, text)]);
    const xml = readFileSync(junit, "utf8");
    expect(FORBIDDEN.exec(xml)?.[0].codePointAt(0)).toBe(undefined);
    expect(xml).not.toMatch(/<img|<script|<!--/);
    expect(
      xml.replace(
        /<\/?(\?xml|testsuites?|testcase|failure|skipped|error|system-out|system-err|properties|property)\b[^<>]*>/g,
        "",
      ),
    ).not.toMatch(/[<>]/);
    expect(xml.length).toBeLessThan(MEGABYTE);
  });

  it("becomes labels of metrics that hold one line each", () => {
    const sink = new PrometheusSink({ version: text, nodeVersion: text });
    for (const record of hostileLog(text)) sink.write(record);
    for (const line of sink.text().split("\n")) {
      expect(line).toMatch(/^(|# (HELP|TYPE) drainprobe_\w+ .*|drainprobe_\w+(\{.*\})? [-+.eE\dInf]+)$/);
      expect(line.length).toBeLessThan(10_000);
    }
    expect(FORBIDDEN.exec(sink.text())?.[0].codePointAt(0)).toBe(undefined);
  });

  it("becomes one line of progress for each incident", () => {
    const incident = {
      type: "tcp.reset",
      close: "reset",
      lane: "held",
      path: text,
      local: text,
      remote: text,
      requestsFailed: 1,
      unsafeToRetry: 0,
    };
    const words = incidentWords(incident as unknown as Incident);
    expect(FORBIDDEN.exec(words)?.[0].codePointAt(0)).toBe(undefined);
    expect(words).not.toContain("\n");
    expect(words.length).toBeLessThan(2_000);
  });

  it("is explained as lines of somebody's log, escaped as well", async () => {
    const file = join(folder, "client.log");
    writeFileSync(
      file,
      `E0608 21:41:20.732123   12345 a.go:1] Get "https://10.0.0.2:6443/${text}": read tcp 10.0.0.2:35314->10.0.0.2:6443: read: connection reset by peer\n${text}\n`,
    );
    const { stdout, stderr } = await cli(["explain", file]);
    expect(FORBIDDEN.exec(stdout + stderr)?.[0].codePointAt(0)).toBe(undefined);
    expect(stdout.length).toBeLessThan(100_000);
  });
});

describe.each(Object.entries(HOSTILE))("a megabyte of %s", (name, text) => {
  const much = text.repeat(Math.ceil(MEGABYTE / text.length));

  it("is no record of a log, which is told in a few lines", async () => {
    const log = written(`${name} much`, "x");
    const debug = { kind: "h2.goaway.received", conn: 1, index: 1, lastStreamId: 3, errorCode: 2, debugBytes: 9 };
    appendFileSync(log, `${JSON.stringify({ seq: 1e6, t: 1e9, u: 0, ...debug, debug: much })}\n`);
    const { code, stdout, stderr } = await cli(["report", log]);
    expect(code, stderr.slice(0, 500)).toBe(1);
    expect(stderr).toContain("not a record: a text of more than 16384 characters");
    expect(FORBIDDEN.exec(stdout + stderr)?.[0].codePointAt(0)).toBe(undefined);
    expect((stdout + stderr).length).toBeLessThan(100_000);
  });

  it("in a foreign log is cut, escaped and explained", async () => {
    const file = join(folder, "much.log");
    writeFileSync(file, `E0608 21:41:20.732123   12345 a.go:1] ${much}: read: connection reset by peer\n`);
    const { stdout, stderr } = await cli(["explain", file]);
    expect(FORBIDDEN.exec(stdout + stderr)?.[0].codePointAt(0)).toBe(undefined);
    expect((stdout + stderr).length).toBeLessThan(100_000);
  });
});
