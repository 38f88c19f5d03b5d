import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { FRAME, headersFrame } from "../src/h2/frame.js";
import { encodeHeaders, type HeaderField } from "../src/h2/hpack.js";
import type { Apiserver, ControlPlane } from "../src/index.js";
import { BareClient } from "./bare-client.js";

/** A bare client's view of how its connection ended, in ms since `t0`. */
export interface Story {
  readonly goaways: readonly { readonly last: number; readonly code: number; readonly debug: string }[];
  /** When the first GOAWAY came; `null`: none came. */
  readonly goawayAt: number | null;
  readonly endedAt: number;
  readonly end: string;
  readonly closeNotify: boolean;
  /** Highest stream we opened, and highest that was answered to its end. */
  readonly opened: number;
  readonly answered: number;
}

/**
 * Holds a connection with hand-written frames, so that nobody closes it but the server. It asks as a known user, for a server
 * of today sends GOAWAY to anonymous ones.
 */
export class Holder {
  readonly client: BareClient;
  readonly #token: string | null;
  #goawayAt: number | null = null;
  #endedAt: number | null = null;
  #opened = 0;

  /** `token`: the bearer token it shows; `null` for none. */
  constructor(plane: ControlPlane, server: Apiserver, token: string | null = plane.credentials.tokens.admin) {
    if (server.host !== "127.0.0.1") throw new Error("a bare client knows one address only");
    this.#token = token;
    this.client = new BareClient({ port: server.port, ca: plane.ca });
    void this.client
      .seen((frames) => frames.some((f) => f.type === FRAME.GOAWAY))
      .then(() => {
        this.#goawayAt = performance.now();
      });
    void this.client.ended.then(() => {
      this.#endedAt = performance.now();
    });
  }

  /** Sends a GET and gives its stream id. */
  get(path: string): number {
    this.#opened = this.#opened === 0 ? 1 : this.#opened + 2;
    const fields: HeaderField[] = [
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", "localhost"],
      [":path", path],
    ];
    if (this.#token !== null) fields.push(["authorization", `Bearer ${this.#token}`]);
    this.client.send(headersFrame(this.#opened, encodeHeaders(fields), true));
    return this.#opened;
  }

  /** Sends a GET and waits for all of its answer. */
  async getAll(path: string): Promise<void> {
    await this.client.ready;
    const stream = this.get(path);
    await this.client.seen(() => this.client.complete().includes(stream));
  }

  /** A GET every 50 ms to the bitter end, whatever the server says. */
  async getStubbornly(path: string): Promise<void> {
    let ended = false;
    void this.client.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      this.get(path);
      await pause(50);
    }
  }

  get goawaySeen(): boolean {
    return this.#goawayAt !== null;
  }

  /** Waits for the end of the connection and tells how it went. */
  async story(t0: number): Promise<Story> {
    const end = await this.client.ended;
    return {
      goaways: this.client.goaways(),
      goawayAt: this.#goawayAt === null ? null : this.#goawayAt - t0,
      endedAt: (this.#endedAt ?? performance.now()) - t0,
      end,
      closeNotify: this.client.closeNotify,
      opened: this.#opened,
      answered: Math.max(0, ...this.client.complete()),
    };
  }
}

/** How a watch ended. */
export interface WatchEnd {
  readonly at: number;
  /** END_STREAM came, rather than the connection's end. */
  readonly clean: boolean;
}

/** A running watch. */
export interface Watch {
  readonly ended: Promise<WatchEnd>;
}

/** Watches ConfigMaps over node:http2 as admin; resolves when the server has begun to answer. */
export async function startWatch(
  plane: ControlPlane,
  url: string,
  onSession: (session: ClientHttp2Session) => void = () => {},
): Promise<Watch> {
  const session = connect(url, { ca: plane.ca });
  onSession(session);
  session.on("error", () => {});
  const stream = session.request({
    ":path": "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=600",
    authorization: `Bearer ${plane.credentials.tokens.admin}`,
  });
  stream.on("error", () => {});
  stream.resume();
  const ended = new Promise<WatchEnd>((resolve) => {
    stream.once("close", () => {
      // node:http2 says 8 for a connection that ended under a stream; 0 takes an END_STREAM.
      resolve({ at: performance.now(), clean: stream.rstCode === 0 });
      session.close();
    });
  });
  await new Promise<void>((resolve, reject) => {
    stream.once("response", (headers) =>
      headers[":status"] === 200 ? resolve() : reject(new Error(`the watch was answered ${headers[":status"]}`)),
    );
    stream.once("close", () => reject(new Error("the watch was not answered")));
  });
  return { ended };
}

/** What a new connection to the port comes to, at TCP. */
export function knock(server: Apiserver): Promise<"accepted" | string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: server.host, port: server.port });
    socket.once("connect", () => {
      socket.destroy();
      resolve("accepted");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
