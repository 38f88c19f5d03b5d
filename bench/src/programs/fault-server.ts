// `node fault-server.js SEED CONNECTIONS SPAN_MS HOLD`: HTTP/2 without TLS, in raw frames, so that a capture can be read. It says its ports in
// one line of JSON, waits until so many connections have said hello, does to each what the plan says, and then ends the control
// connections. With HOLD 1 each connection's first request gets its headers and never its end.
import { createServer, type Socket } from "node:net";
import { type FaultKind, FIN_AFTER_GOAWAY_MS, planOf } from "../fidelity/plan.js";

const [seed = 0, connections = 0, spanMs = 0, hold = 0] = process.argv.slice(2).map(Number);
const SETTLE_MS = 400;
const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;
const FRAME = { headers: 1, settings: 4, ping: 6, goaway: 7 } as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
/** `:status: 200`, from HPACK's static table. */
const STATUS_200 = Buffer.from([0x88]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Every stream stays valid: NO_ERROR, the highest stream id there is. */
const GOAWAY = frame(FRAME.goaway, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
/** SETTINGS_MAX_CONCURRENT_STREAMS 4096. */
const SETTINGS = frame(FRAME.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0x10, 0]));
const SETTINGS_ACK = frame(FRAME.settings, ACK, 0, Buffer.alloc(0));

const faulted: Socket[] = [];
const controls: Socket[] = [];

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  let kept: Buffer = Buffer.alloc(0);
  let greeted = false;
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("data", (bytes: Buffer) => {
    kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    if (!greeted) {
      if (kept.length < PREFACE_BYTES) return;
      kept = kept.subarray(PREFACE_BYTES);
      greeted = true;
      socket.write(SETTINGS);
    }
    const answers: Buffer[] = [];
    while (kept.length >= HEADER_BYTES) {
      const length = kept.readUIntBE(0, 3);
      if (kept.length < HEADER_BYTES + length) break;
      const answer = answerTo(kept, kept.subarray(HEADER_BYTES, HEADER_BYTES + length));
      if (answer !== null) answers.push(answer);
      if (kept.readUInt8(3) === FRAME.settings && (kept.readUInt8(4) & ACK) !== 0) join(socket);
      kept = kept.subarray(HEADER_BYTES + length);
    }
    if (answers.length > 0 && socket.writable) socket.write(Buffer.concat(answers));
  });
});

function answerTo(head: Buffer, payload: Buffer): Buffer | null {
  const flags = head.readUInt8(4);
  switch (head.readUInt8(3)) {
    case FRAME.settings:
      return (flags & ACK) === 0 ? SETTINGS_ACK : null;
    case FRAME.ping:
      return (flags & ACK) === 0 ? frame(FRAME.ping, ACK, 0, Buffer.from(payload)) : null;
    case FRAME.headers: {
      const stream = head.readUInt32BE(5);
      const ends = hold === 1 && stream === 1 ? 0 : END_STREAM;
      return frame(FRAME.headers, END_HEADERS | ends, stream, STATUS_200);
    }
    default:
      return null;
  }
}

function join(socket: Socket): void {
  if (faulted.length === connections) return;
  faulted.push(socket);
  if (faulted.length === connections) setTimeout(begin, SETTLE_MS);
}

function begin(): void {
  let lastMs = 0;
  for (const [index, { kind, afterMs }] of planOf(seed, connections, spanMs).entries()) {
    lastMs = Math.max(lastMs, afterMs);
    setTimeout(() => inject(faulted[index] as Socket, kind), afterMs);
  }
  setTimeout(
    () => {
      for (const control of controls) control.end();
    },
    lastMs + FIN_AFTER_GOAWAY_MS + SETTLE_MS,
  );
}

function inject(socket: Socket, kind: FaultKind): void {
  switch (kind) {
    case "fin":
      socket.end();
      return;
    case "rst":
      socket.resetAndDestroy();
      return;
    case "goaway":
      socket.write(GOAWAY);
      setTimeout(() => socket.end(), FIN_AFTER_GOAWAY_MS);
  }
}

const control = createServer((socket) => {
  socket.on("error", () => {});
  socket.resume();
  controls.push(socket);
});

for (const each of [server, control]) await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
const portOf = (each: typeof server): number => {
  const address = each.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};
process.stdout.write(`${JSON.stringify({ port: portOf(server), control: portOf(control) })}\n`);
