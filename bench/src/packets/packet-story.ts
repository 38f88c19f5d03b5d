import type { Segment } from "./pcap.js";

export type Side = "client" | "server";

/** A FIN or an RST on the wire. A retransmitted FIN is not told again. */
export interface EndSegment {
  readonly from: Side;
  readonly flag: "FIN" | "RST";
  readonly wallNs: bigint;
}

/** What the packets say about one connection attempt. */
export interface PacketStory {
  /** `ip:port` of the client. The same one may come again later in a capture. */
  readonly client: string;
  readonly synAt: bigint;
  /** `null` where the server never accepted. */
  readonly synAckAt: bigint | null;
  /** In the order of the wire. */
  readonly ends: readonly EndSegment[];
  readonly bytesFromServer: number;
  /** Size of the server's last segment with content, its FIN's own included; 0 where it sent none. */
  readonly lastBytesFromServer: number;
  readonly bytesFromClient: number;
}

type Draft = { -readonly [K in keyof PacketStory]: PacketStory[K] } & { ends: EndSegment[] };

/** Sorts segments into connections: a SYN without ACK to the server's port begins one. In the order of their SYNs. */
export function packetStories(segments: readonly Segment[], serverPort: number): PacketStory[] {
  const stories: Draft[] = [];
  const current = new Map<string, Draft>();
  for (const segment of segments) {
    const side: Side = portOf(segment.to) === serverPort ? "client" : "server";
    const client = side === "client" ? segment.from : segment.to;
    let story = current.get(client);
    if (segment.syn && !segment.ack && (story === undefined || story.synAckAt !== null || story.ends.length > 0)) {
      const bytes = { bytesFromClient: 0, bytesFromServer: 0, lastBytesFromServer: 0 };
      story = { client, synAt: segment.wallNs, synAckAt: null, ends: [], ...bytes };
      stories.push(story);
      current.set(client, story);
    }
    if (story === undefined) throw new Error(`a segment of ${client} before its SYN: the capture began too late`);
    add(story, segment, side);
  }
  return stories;
}

function add(story: Draft, segment: Segment, side: Side): void {
  if (segment.syn && segment.ack) story.synAckAt ??= segment.wallNs;
  if (side === "client") story.bytesFromClient += segment.payloadBytes;
  else {
    story.bytesFromServer += segment.payloadBytes;
    if (segment.payloadBytes > 0) story.lastBytesFromServer = segment.payloadBytes;
  }
  const flag = segment.rst ? "RST" : segment.fin ? "FIN" : null;
  if (flag === null || story.ends.some((end) => end.from === side && end.flag === flag)) return;
  story.ends.push({ from: side, flag, wallNs: segment.wallNs });
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
