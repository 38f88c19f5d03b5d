import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { certificates } from "../src/certificates/certificates.js";
import type { Fault } from "../src/faults/fault.js";
import { type NodeServer, startNodeServer } from "../src/server/node-server.js";
import { type RawServer, startRawServer } from "../src/server/raw-server.js";

let server: RawServer | NodeServer | undefined;
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  await server?.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session?.request({ ":path": path, ":method": body === undefined ? "GET" : "POST", ...headers });
    if (stream === undefined) return reject(new Error("no session"));
    let answer: Omit<Answer, "body"> = { status: 0, headers: {} };
    let text = "";
    stream.setEncoding("utf8");
    stream.on("response", (h) => {
      answer = { status: Number(h[":status"]), headers: h };
    });
    stream.on("data", (chunk: string) => {
      text += chunk;
    });
    stream.on("error", reject);
    stream.on("end", () => resolve({ ...answer, body: text }));
    stream.end(body);
  });
}

const kinds = ["raw over TLS", "raw in clear", "node:http2 over TLS", "node:http2 in clear"] as const;

async function start(kind: (typeof kinds)[number]): Promise<void> {
  const { ca, good } = await certificates();
  const identity = kind.endsWith("TLS") ? good : null;
  server = await (kind.startsWith("raw") ? startRawServer({ identity }) : startNodeServer({ identity }));
  session = connect(server.url, { ca });
  session.on("error", () => {});
}

describe.each(kinds)("a healthy server (%s) as node:http2 sees it", (kind) => {
  it("answers", async () => {
    await start(kind);
    const answer = await ask("/version");
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('{"from":"testbed"}\n');
    expect(answer.headers["content-length"]).toBe(String(answer.body.length));
  });

  it("answers by path: statuses, sizes beyond every window, slow ones, watches", async () => {
    await start(kind);
    expect((await ask("/status/418")).status).toBe(418);
    expect((await ask("/bytes/300000")).body).toBe("x".repeat(300_000));
    expect((await ask("/slow/20")).status).toBe(200);
    const watch = session?.request({ ":path": "/watch/things" });
    const first = await new Promise<Buffer>((resolve) => watch?.once("data", resolve));
    expect(first.toString()).toBe('{"type":"ADDED"}\n');
    expect(watch?.readableEnded).toBe(false);
    watch?.close(constants.NGHTTP2_CANCEL);
  });

  it("takes a body beyond every window", async () => {
    await start(kind);
    expect((await ask("/", {}, "y".repeat(300_000))).status).toBe(200);
  });

  it("serves two hundred requests at once", async () => {
    await start(kind);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i % 2 === 0 ? "/" : "/bytes/2000")));
    expect(answers.map((a) => a.status)).toEqual(Array(200).fill(200));
  });
});

describe("the raw server's HPACK decoder", () => {
  it("reads what node:http2 writes: Huffman for every character, the dynamic table, evictions, long values", async () => {
    const { good, ca } = await certificates();
    const seen: Map<string, string>[] = [];
    const recorder: Fault = {
      name: "recorder",
      arm: () => ({
        onRequest(request) {
          seen.push(new Map(request.headers));
          return false;
        },
      }),
    };
    const raw = await startRawServer({ identity: good, fault: recorder });
    server = raw;
    session = connect(raw.url, { ca });
    const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("");
    const high = Array.from({ length: 96 }, (_, i) => String.fromCharCode(160 + i)).join("");
    const values = [printable, `${printable} ${printable}`.repeat(12), high, "a", "a", "", printable];
    for (const [i, value] of values.entries()) {
      await ask(`/n/${i}?q=${"z".repeat(i * 30)}`, { "x-text": value, "x-same": "same", [`x-${i}`]: "1" });
    }
    expect(seen.map((h) => h.get("x-text"))).toEqual(values);
    expect(seen.map((h) => h.get("x-same"))).toEqual(values.map(() => "same"));
    expect(seen.map((h) => h.get(":path"))).toEqual(values.map((_, i) => `/n/${i}?q=${"z".repeat(i * 30)}`));
    expect(seen.map((h, i) => h.get(`x-${i}`))).toEqual(values.map(() => "1"));
  });
});
