import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import type { H2Fact } from "../src/h2/contract.js";
import { encodeRequest, H2Client } from "../src/h2/index.js";
import { LIMITS } from "../src/limits.js";

type Handler = (stream: ServerHttp2Stream, path: string, headers: IncomingHttpHeaders) => void;
type Settings = NonNullable<Parameters<typeof createServer>[0]>["settings"];

/** An H2Client on a socket: bytes one way, bytes the other way, and a way to wait for facts. */
class Link {
  readonly client = new H2Client({ limits: LIMITS });
  readonly facts: H2Fact[] = [];
  readonly socket: Socket;
  #waiting: (() => void)[] = [];
  #requests = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.client.receive(bytes, this.facts);
      this.flush();
      for (const look of this.#waiting) look();
    });
  }

  flush(): void {
    const bytes = this.client.takeOutput();
    if (bytes !== null) this.socket.write(bytes);
  }

  /** Resolves when `done` comes true, looked at after each chunk. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!done()) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve();
      };
      this.#waiting.push(look);
      look();
    });
  }

  send(
    method: string,
    path: string,
    body: Uint8Array | null = null,
    headers: readonly [string, string][] = [],
  ): number {
    this.#requests += 1;
    const head = encodeRequest({ method, scheme: "https", authority: "localhost", path, headers });
    const stream = this.client.request(this.#requests, head, body);
    this.flush();
    return stream;
  }

  of(stream: number): H2Fact[] {
    return this.facts.filter((fact) => "stream" in fact && fact.stream === stream);
  }

  ended(stream: number): Promise<void> {
    const over = ["h2.stream.ended", "h2.rst_stream.received", "h2.protocol.error"];
    return this.until(() => this.of(stream).some((fact) => over.includes(fact.kind)));
  }
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Rig {
  readonly link: Link;
  readonly session: ServerHttp2Session;
  /** What the server found wrong with us; must stay empty. */
  readonly complaints: unknown[];
}

async function rig(tls: boolean, handler: Handler, settings: Settings = {}): Promise<Rig> {
  const { ca, good } = await certificates();
  const server: Http2Server = tls
    ? createSecureServer({ cert: good.cert, key: good.key, settings })
    : createServer({ settings });
  const complaints: unknown[] = [];
  server.on("sessionError", (error) => complaints.push(error));
  server.on("stream", (stream, headers) => {
    stream.on("error", (error) => complaints.push(error));
    handler(stream, String(headers[":path"]), headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const opened = once(server, "session");
  const socket = tls
    ? connectTls({ port, host: "127.0.0.1", ca, servername: "localhost", ALPNProtocols: ["h2"] })
    : connect(port, "127.0.0.1");
  await once(socket, tls ? "secureConnect" : "connect");
  const link = new Link(socket);
  link.flush();
  const [session] = (await opened) as [ServerHttp2Session];
  ends.push(async () => {
    socket.destroy();
    session.destroy();
    server.close();
    await once(server, "close");
  });
  await link.until(() => link.client.ready);
  return { link, session, complaints };
}

function echo(stream: ServerHttp2Stream): void {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on("end", () => {
    stream.respond({ ":status": 200, "x-received": String(bytes), "content-type": "text/plain" });
    stream.end(Buffer.alloc(bytes));
  });
}

describe.each([
  ["h2c", false],
  ["TLS", true],
])("with node:http2 over %s", (_name, tls) => {
  it("bodies of any size come and go whole, many at a time", async () => {
    const { link, complaints } = await rig(tls, echo);
    const sizes = [0, 1, 16_384, 16_385, 65_535, 65_536, 300_000, 2_000_000];
    const streams = sizes.map((size) => link.send("POST", "/", new Uint8Array(size)));
    await Promise.all(streams.map((stream) => link.ended(stream)));
    const received = streams.map((stream) => link.of(stream).find((fact) => fact.kind === "h2.stream.ended"));
    expect(received.map((fact) => fact?.kind === "h2.stream.ended" && fact.bytes)).toEqual(sizes);
    expect(link.client.openStreams).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("more content than any window passes", async () => {
    const { link, complaints } = await rig(tls, (stream) => {
      stream.respond({ ":status": 200, "content-length": 40_000_000 });
      stream.end(Buffer.alloc(40_000_000));
    });
    const stream = link.send("GET", "/");
    await link.ended(stream);
    expect(link.of(stream).map((fact) => fact.kind)).toEqual([
      "h2.headers.received",
      "h2.data.received",
      "h2.stream.ended",
    ]);
    expect(link.of(stream).at(-1)).toMatchObject({ bytes: 40_000_000 });
    expect(complaints).toEqual([]);
  });
});

describe("with node:http2", () => {
  it("informational heads, trailers, HEAD, 204, 304 and errors are told apart", async () => {
    const { link, complaints } = await rig(false, (stream, path) => {
      switch (path) {
        case "/hints":
          stream.additionalHeaders({ ":status": 103, link: "</a>; rel=preload" });
          stream.respond({ ":status": 200 });
          stream.end("x");
          return;
        case "/trailers":
          stream.respond({ ":status": 200 }, { waitForTrailers: true });
          stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
          stream.end("abc");
          return;
        case "/busy":
          stream.respond({ ":status": 429, "retry-after": "5" });
          stream.end("later");
          return;
        case "/head":
          stream.respond({ ":status": 200, "content-length": 5 });
          stream.end();
          return;
        default:
          stream.respond({ ":status": Number(path.slice(1)) }, { endStream: true });
      }
    });
    const asked = [
      ["GET", "/hints"],
      ["GET", "/trailers"],
      ["GET", "/busy"],
      ["HEAD", "/head"],
      ["GET", "/204"],
      ["GET", "/304"],
      ["GET", "/503"],
    ] as const;
    const streams = asked.map(([method, path]) => link.send(method, path));
    await Promise.all(streams.map((stream) => link.ended(stream)));
    const told = streams.map((stream) => {
      const [head, ...rest] = link.of(stream);
      const last = rest.at(-1);
      return [
        head?.kind === "h2.headers.received" && [head.status, head.contentLength, head.retryAfter],
        last?.kind === "h2.stream.ended" && last.bytes,
      ];
    });
    expect(told).toEqual([
      [[200, null, null], 1],
      [[200, null, null], 3],
      [[429, null, "5"], 5],
      [[200, 5, null], 0],
      [[204, null, null], 0],
      [[304, null, null], 0],
      [[503, null, null], 0],
    ]);
    expect(complaints).toEqual([]);
  });

  it("heads larger than a frame are read (CONTINUATION), and tables shared over many responses stay in step", async () => {
    const { link, complaints } = await rig(false, (stream, path) => {
      const turn = Number(path.slice(1));
      // A few values that repeat, one that never does, and now and then one that empties the table.
      const big = turn % 17 === 0 ? "é&~".repeat(9_000 + turn) : "small";
      stream.respond({
        ":status": 200 + (turn % 3),
        "x-same": "same",
        "x-turn": `${turn}-${"t".repeat(turn % 90)}`,
        "x-big": big,
      });
      stream.end(path);
    });
    for (let turn = 0; turn < 300; turn += 20) {
      const streams = Array.from({ length: 20 }, (_, i) => link.send("GET", `/${turn + i}`));
      await Promise.all(streams.map((stream) => link.ended(stream)));
      streams.forEach((stream, i) => {
        expect(link.of(stream)[0]).toMatchObject({ kind: "h2.headers.received", status: 200 + ((turn + i) % 3) });
      });
    }
    expect(link.client.failed).toBe(false);
    expect(complaints).toEqual([]);
  });

  it.each([0, 100, 4_096, 65_536])(
    "SETTINGS_HEADER_TABLE_SIZE %i of the server is honoured",
    async (headerTableSize) => {
      const seen: unknown[] = [];
      const { link, session, complaints } = await rig(
        false,
        (stream, path, headers) => {
          seen.push([path, headers.cookie, headers["x-a"]]);
          stream.respond({ ":status": 200 });
          stream.end();
        },
        { headerTableSize },
      );
      await link.ended(link.send("GET", "/a", null, [["cookie", "secret=1"]]));
      session.settings({ headerTableSize: 50 });
      await link.until(() => link.facts.filter((fact) => fact.kind === "h2.settings.received").length === 2);
      await link.ended(link.send("GET", "/b", null, [["x-a", "b"]]));
      expect(seen).toEqual([
        ["/a", "secret=1", undefined],
        ["/b", undefined, "b"],
      ]);
      expect(complaints).toEqual([]);
    },
  );

  it("PING goes both ways, and SETTINGS may change in flight", async () => {
    const { link, session, complaints } = await rig(false, echo, { maxConcurrentStreams: 3, initialWindowSize: 1_000 });
    expect(link.client.capacity).toBe(3);
    link.client.ping("00000000deadbeef");
    link.flush();
    await link.until(() =>
      link.facts.some((fact) => fact.kind === "h2.ping.ack.seen" && fact.opaque === "00000000deadbeef"),
    );
    const answered = new Promise<Buffer>((resolve) => {
      session.ping(Buffer.from("12345678"), (_error, _duration, payload) => resolve(payload));
    });
    expect((await answered).toString()).toBe("12345678");
    const stream = link.send("POST", "/", new Uint8Array(50_000));
    session.settings({ initialWindowSize: 100_000, maxConcurrentStreams: 10 });
    await link.ended(stream);
    expect(link.of(stream).at(-1)).toMatchObject({ kind: "h2.stream.ended", bytes: 50_000 });
    expect(link.client.capacity).toBe(10);
    expect(complaints).toEqual([]);
  });

  it("RST_STREAM ends its stream only, with its code", async () => {
    const { link } = await rig(false, (stream, path) => {
      if (path === "/refused") {
        stream.close(7);
        return;
      }
      stream.respond({ ":status": 200 });
      // Not `close(2)`: that ends the response with END_STREAM first, and resets after it.
      if (path === "/cut") stream.write("half", () => stream.destroy(new Error("cut")));
      else stream.end();
    });
    const [refused, cut, fine] = [link.send("GET", "/refused"), link.send("GET", "/cut"), link.send("GET", "/fine")];
    await Promise.all([refused, cut, fine].map((stream) => link.ended(stream)));
    expect(link.of(refused)).toEqual([{ kind: "h2.rst_stream.received", stream: refused, request: 1, errorCode: 7 }]);
    expect(link.of(cut).map((fact) => fact.kind)).toEqual([
      "h2.headers.received",
      "h2.data.received",
      "h2.rst_stream.received",
    ]);
    expect(link.of(cut).at(-1)).toMatchObject({ errorCode: 2 });
    expect(link.of(fine).at(-1)?.kind).toBe("h2.stream.ended");
    expect(link.client.failed).toBe(false);
  });

  it("a stream we reset is over for the server as well, and its late frames mean nothing", async () => {
    const closed: number[] = [];
    const { link } = await rig(false, (stream, path) => {
      stream.respond({ ":status": 200 });
      if (path === "/endless") {
        const more = (): void => {
          while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
        };
        stream.on("drain", more);
        more();
        stream.on("close", () => closed.push(stream.rstCode));
      } else {
        stream.end("fine");
      }
    });
    const endless = link.send("GET", "/endless");
    await link.until(() => link.of(endless).some((fact) => fact.kind === "h2.data.received"));
    link.client.reset(endless, 8, link.facts);
    link.flush();
    const other = link.send("GET", "/other");
    await link.ended(other);
    expect(link.of(other).at(-1)).toMatchObject({ bytes: 4 });
    expect(link.of(endless).map((fact) => fact.kind)).toEqual([
      "h2.headers.received",
      "h2.data.received",
      "h2.rst_stream.sent",
    ]);
    expect(closed).toEqual([8]);
  });

  it("a graceful end: GOAWAY, streams under way finish, then FIN", async () => {
    let finish = (): void => {};
    const { link, session } = await rig(false, (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("begun");
      finish = () => stream.end("done");
    });
    const stream = link.send("GET", "/");
    await link.until(() => link.of(stream).length === 2);
    const fin = once(link.socket, "end");
    session.goaway(0, stream, Buffer.from("restart\n"));
    session.close();
    await link.until(() => link.client.draining);
    expect(link.send("GET", "/")).toBe(0);
    finish();
    await link.ended(stream);
    await fin;
    expect(link.facts.filter((fact) => fact.kind === "h2.goaway.received")[0]).toEqual({
      kind: "h2.goaway.received",
      index: 1,
      lastStreamId: stream,
      errorCode: 0,
      debug: "restart\\x0a",
      debugBytes: 8,
    });
    expect(link.of(stream).at(-1)).toMatchObject({ kind: "h2.stream.ended", bytes: 9 });
  });
});
