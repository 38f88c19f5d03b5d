// How many of its connections does a kube-apiserver v1.18 still tell GOAWAY before its process is gone? Opens connections to a real one that
// each ask once and stay, and some that go on writing config maps; sends SIGTERM, and counts. Prints a line of JSON for each termination.
//
//   node scripts/goaway-race.mjs --connections 100,1000 --writes 0,60,240 --runs 5
//   node scripts/goaway-race.mjs --server current --connections 1000 --runs 1      a server that waits: all are told
import { connect } from "node:tls";
import { parseArgs } from "node:util";
import { startControlPlane } from "../packages/testbed/dist/index.js";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100,1000" },
    // A second, over all writers; no writer writes while its last one is unanswered.
    writes: { type: "string", default: "0,60,240" },
    writers: { type: "string", default: "8" },
    runs: { type: "string", default: "5" },
    server: { type: "string", default: "historic" },
  },
});

/** So many handshakes at a time. */
const AT_ONCE = 8;
const DELAY_MS = 1_500;
const WITHIN_MS = 30_000;
const GOAWAY = 7;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
/** HPACK: :method, https, :path, :authority lab; of a write its content type, too. */
const GET = Buffer.from("\x82\x87\x04\x08/version\x01\x03lab", "latin1");
const PATH = "/api/v1/namespaces/default/configmaps";
const POST = Buffer.from(
  `\x83\x87\x04${String.fromCharCode(PATH.length)}${PATH}\x01\x03lab\x0f\x10\x10application/json`,
  "latin1",
);
const BODY = Buffer.from('{"metadata":{"generateName":"race-"}}');
const [HEADERS, DATA] = [1, 0];
const [END_STREAM, END_HEADERS] = [1, 4];

const plane = await startControlPlane({ version: values.server, flags: { shutdownDelayMs: DELAY_MS } });
try {
  const [server] = plane.apiservers;
  const admin = await plane.credentials.client("race", ["system:masters"]);
  for (let run = 0; run < Number(values.runs); run++) {
    for (const idle of numbers(values.connections)) {
      for (const writes of numbers(values.writes)) {
        console.log(JSON.stringify({ run, idle, writes, ...(await terminated(server, admin, idle, writes)) }));
        await server.start();
        await server.ready();
      }
    }
  }
} finally {
  await plane.close();
}

function numbers(list) {
  return list.split(",").map(Number);
}

/** One termination: how many of the idle and of the writing connections were told, and how many writes were open when the first one ended. */
async function terminated(server, admin, idle, writes) {
  const crowd = await gather(server, admin, idle);
  const writing = writes === 0 ? [] : await gather(server, admin, Number(values.writers));
  const everyMs = (1_000 * writing.length) / writes;
  const timers = writing.map((client) => setInterval(client.write, everyMs));
  const startedMs = performance.now();
  const exited = server.terminate().then(() => performance.now() - startedMs);
  const all = await Promise.all([...crowd, ...writing].map(({ ended }) => ended));
  for (const timer of timers) clearInterval(timer);
  const [resting, busy] = [all.slice(0, idle), all.slice(idle)];
  const told = (list) => list.filter(({ goaway }) => goaway).length;
  const reset = (list) => list.filter(({ error }) => error !== null).length;
  const early = all.filter(({ atMs }) => atMs < startedMs + DELAY_MS - 100).length;
  return {
    early,
    idleTold: told(resting),
    idleReset: reset(resting),
    writing: busy.length,
    writingTold: told(busy),
    writingReset: reset(busy),
    unanswered: busy.filter(({ open }) => open).length,
    exitMs: Math.round(await exited),
  };
}

/** Opens them; all have had their answer. */
async function gather({ host, port }, admin, size) {
  const clients = [];
  let wanted = size;
  const next = async () => {
    while (wanted-- > 0) {
      const client = join(host, port, admin);
      clients.push(client);
      await client.answered;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return clients;
}

function join(host, port, { cert, key }) {
  const socket = connect({ host, port, cert, key, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`silent for ${WITHIN_MS} ms`)));
  socket.once("secureConnect", () =>
    socket.write(Buffer.concat([PREFACE, frame(HEADERS, END_HEADERS | END_STREAM, 1, GET)])),
  );
  let rest = Buffer.alloc(0);
  let goaway = false;
  let error = null;
  let stream = 1;
  let open = true;
  let onAnswer;
  const answered = new Promise((resolve) => {
    onAnswer = resolve;
  });
  const ended = new Promise((resolve) =>
    socket.once("close", () => resolve({ goaway, error, open, atMs: performance.now() })),
  );
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let length = frameLength(rest); length <= rest.length; length = frameLength(rest)) {
      const [type, flags] = [rest[3], rest[4]];
      if (type === GOAWAY) goaway = true;
      if (type <= HEADERS && (flags & END_STREAM) !== 0) {
        open = false;
        // From now on silence is what it is there for.
        socket.setTimeout(0);
        onAnswer();
      }
      rest = rest.subarray(length);
    }
  });
  socket.on("error", (problem) => {
    error = problem.code ?? problem.message;
    onAnswer();
  });
  const write = () => {
    if (open || goaway || socket.destroyed) return;
    open = true;
    stream += 2;
    socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, stream, POST), frame(DATA, END_STREAM, stream, BODY)]));
  };
  return { answered, ended, write };
}

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function frameLength(buffer) {
  return buffer.length < 9 ? Number.POSITIVE_INFINITY : 9 + buffer.readUIntBE(0, 3);
}
