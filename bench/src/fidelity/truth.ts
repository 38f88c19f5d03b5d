import { packetStories } from "../packets/packet-story.js";
import type { Segment } from "../packets/pcap.js";

/** What the packets of one connection say of its end. `null`: no such packet. All in wall ns. */
export interface Truth {
  readonly client: string;
  /** The same client's address may come again later: each connection begins with its SYN. */
  readonly synAt: bigint;
  readonly fin: bigint | null;
  readonly rst: bigint | null;
  readonly goaway: bigint | null;
  /** Our own FIN or RST, whichever was first. */
  readonly ours: bigint | null;
}

const HEADER_BYTES = 9;
const GOAWAY = 7;

/** One for each connection. An RST after a FIN is not told: it answers bytes of the client's. */
export function truthOf(segments: readonly Segment[], serverPort: number): Truth[] {
  const stories = packetStories(segments, serverPort);
  const goaways = goawaysOf(segments, serverPort);
  return stories.map(({ client, synAt, ends }) => {
    const until = stories.find((next) => next.client === client && next.synAt > synAt)?.synAt ?? null;
    const first = ends.find(({ from }) => from === "server");
    const at = (flag: "FIN" | "RST"): bigint | null => (first?.flag === flag ? first.wallNs : null);
    const ours = ends.find(({ from }) => from === "client")?.wallNs ?? null;
    const goaway =
      goaways.find((each) => each.client === client && isBetween(each.wallNs, synAt, until))?.wallNs ?? null;
    return { client, synAt, fin: at("FIN"), rst: at("RST"), goaway, ours };
  });
}

function isBetween(ns: bigint, from: bigint, until: bigint | null): boolean {
  return ns >= from && (until === null || ns < until);
}

/** When the packets with the last byte of a GOAWAY were on the wire. Loopback neither loses nor reorders. */
function goawaysOf(segments: readonly Segment[], serverPort: number): { client: string; wallNs: bigint }[] {
  const found: { client: string; wallNs: bigint }[] = [];
  const kept = new Map<string, Buffer>();
  for (const { from, to, syn, payload, payloadBytes, wallNs } of segments) {
    if (!from.endsWith(`:${serverPort}`)) continue;
    if (syn) kept.delete(to);
    if (payloadBytes === 0) continue;
    if (payload.length !== payloadBytes) throw new Error("the capture cut a packet off");
    let bytes = Buffer.concat([kept.get(to) ?? Buffer.alloc(0), payload]);
    while (bytes.length >= HEADER_BYTES) {
      const size = HEADER_BYTES + bytes.readUIntBE(0, 3);
      if (bytes.length < size) break;
      if (bytes.readUInt8(3) === GOAWAY) found.push({ client: to, wallNs });
      bytes = bytes.subarray(size);
    }
    kept.set(to, bytes);
  }
  return found;
}
