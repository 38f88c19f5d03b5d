import type { Chance } from "../../packages/probe-core/test/connection-simulator.js";
import {
  data,
  frame,
  goaway,
  headers,
  parseFrames,
  rstStream,
  settings,
} from "../../packages/probe-core/test/h2-frames.js";

const PREFACE_BYTES = 24;
const END_STREAM = 1;

/** What the peer does to the connection below HTTP/2, beside sending bytes. */
export interface PeerActs {
  /** Bytes on their way to the client. */
  send(bytes: Uint8Array): void;
  end(how: "fin" | "rst" | "close_notify"): void;
  /** From now on nothing comes any more. */
  silence(): void;
}

type Mood = "healthy" | "graceful" | "broken" | "silent" | "rude" | "mute" | "slow";

/** A server made of chance: mostly decent, and sooner or later it ends, in one of the ways in which servers end. */
export class Peer {
  readonly #chance: Chance;
  readonly #acts: PeerActs;
  readonly #mood: Mood;
  readonly #endAfter: number;
  /** Streams answered to their END_STREAM, and with which status, by the number of bytes sent up to there. */
  readonly answered = new Map<number, { readonly sentBytes: number; readonly good: boolean }>();
  #input = new Uint8Array(0);
  #prefaceSeen = false;
  #open: number[] = [];
  #last = 0;
  #requests = 0;
  #ended = false;
  #sent = 0;

  constructor(chance: Chance, acts: PeerActs) {
    this.#chance = chance;
    this.#acts = acts;
    this.#mood = chance.pick([
      "healthy",
      "healthy",
      "healthy",
      "graceful",
      "graceful",
      "broken",
      "silent",
      "rude",
      "mute",
      "slow",
    ]);
    this.#endAfter = 1 + chance.below(12);
  }

  /** The connection is up. */
  begin(): void {
    if (this.#mood !== "mute") this.#send(settings(this.#chance.maybe(0.3) ? { 3: 1 + this.#chance.below(5) } : {}));
  }

  receive(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#input.length + bytes.length);
    all.set(this.#input);
    all.set(bytes, this.#input.length);
    this.#input = all;
    if (!this.#prefaceSeen) {
      if (this.#input.length < PREFACE_BYTES) return;
      this.#prefaceSeen = true;
      this.#input = this.#input.slice(PREFACE_BYTES);
    }
    let at = 0;
    while (at + 9 <= this.#input.length) {
      const end = at + 9 + ((this.#input[at]! << 16) | (this.#input[at + 1]! << 8) | this.#input[at + 2]!);
      if (end > this.#input.length) break;
      for (const { type, flags, stream, payload } of parseFrames(this.#input.slice(at, end))) {
        this.#frame(type, flags, stream, payload);
      }
      at = end;
    }
    this.#input = this.#input.slice(at);
  }

  /** Time passes: what was put off may be done now. */
  tick(): void {
    if (this.#ended || this.#mood === "mute" || this.#open.length === 0 || !this.#chance.maybe(0.5)) return;
    this.#answer(this.#open.shift() ?? 0);
  }

  #frame(type: number, flags: number, stream: number, payload: Uint8Array): void {
    if (this.#ended || this.#mood === "mute") return;
    if (type === 4 && (flags & 1) === 0) this.#send(frame(4, 1, 0));
    else if (type === 6 && (flags & 1) === 0) this.#send(frame(6, 1, 0, payload));
    else if (type === 3) this.#open = this.#open.filter((other) => other !== stream);
    else if (type === 7) this.#end("fin");
    else if (type === 1 || type === 0) {
      if (type === 1) this.#last = Math.max(this.#last, stream);
      if ((flags & END_STREAM) !== 0) this.#request(stream);
    }
  }

  #request(stream: number): void {
    this.#requests += 1;
    if (this.#mood !== "healthy" && this.#mood !== "slow" && this.#requests >= this.#endAfter) {
      this.#open.push(stream);
      this.#fail();
    } else if (this.#mood === "slow" || this.#chance.maybe(0.2)) this.#open.push(stream);
    else this.#answer(stream);
  }

  #answer(stream: number): void {
    const { maybe, pick, below } = bound(this.#chance);
    if (maybe(0.04)) {
      this.#send(rstStream(stream, pick([7, 8, 2])));
      return;
    }
    const status = maybe(0.06) ? pick(["503", "404", "429"]) : "200";
    const size = below(40);
    const announced = maybe(0.03) ? size + 5 : size;
    const fields: [string, string][] = [[":status", status]];
    if (maybe(0.7)) fields.push(["content-length", String(announced)]);
    const short = fields.length === 2 && announced !== size;
    this.#send(headers(stream, fields, size === 0 ? END_STREAM : 0));
    if (size > 0) this.#send(data(stream, size, END_STREAM));
    this.answered.set(stream, { sentBytes: this.#sent, good: status === "200" && !short });
  }

  #fail(): void {
    const { maybe, pick, below } = bound(this.#chance);
    switch (this.#mood) {
      case "graceful": {
        if (maybe(0.3)) this.#send(goaway(0x7fffffff, 0));
        const last = maybe(0.7) ? this.#last : Math.max(0, this.#last - 2 * below(3));
        this.#send(goaway(last, maybe(0.9) ? 0 : 2, pick(["", "bye", "\x1b[31m"])));
        // The promise is kept, or not.
        if (maybe(0.7)) for (const stream of this.#open) if (stream <= last) this.#answer(stream);
        this.#open = [];
        if (maybe(0.8)) this.#end(pick(["fin", "rst", "close_notify"]));
        break;
      }
      case "broken":
        if (maybe(0.5)) this.#send(headers(this.#open[0] ?? 1, [[":status", "200"]]));
        this.#end(pick(["fin", "rst", "close_notify"]));
        break;
      case "silent":
        this.#ended = true;
        this.#acts.silence();
        break;
      default:
        this.#send(maybe(0.5) ? frame(0, 0, 0, [1]) : Uint8Array.from({ length: 1 + below(60) }, () => below(256)));
    }
  }

  #end(how: "fin" | "rst" | "close_notify"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#acts.end(how);
  }

  #send(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#sent += bytes.length;
    this.#acts.send(bytes);
  }
}

function bound(chance: Chance) {
  return {
    maybe: (probability: number) => chance.maybe(probability),
    below: (limit: number) => chance.below(limit),
    pick: <T>(items: readonly T[]) => chance.pick(items),
  };
}
