// How many of its connections does a kube-apiserver v1.18 still tell GOAWAY before its process is gone? Opens connections to a real one that
// each ask once and stay, sends SIGTERM, and counts. Prints one line of JSON for each termination.
//
//   node scripts/goaway-race.mjs --connections 100,300,600,1000 --runs 5
import { connect } from "node:tls";
import { parseArgs } from "node:util";
import { startControlPlane } from "../packages/testbed/dist/index.js";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100,300,600,1000" },
    runs: { type: "string", default: "5" },
  },
});

/** So many handshakes at a time. */
const AT_ONCE = 8;
const DELAY_MS = 1_000;
const WITHIN_MS = 30_000;
const GOAWAY = 7;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
/** HPACK: GET, https, :path /version, :authority lab; END_STREAM and END_HEADERS, stream 1. */
const BLOCK = Buffer.from("\x82\x87\x04\x08/version\x01\x03lab", "latin1");
const REQUEST = Buffer.concat([Buffer.from([0, 0, BLOCK.length, 1, 5, 0, 0, 0, 1]), BLOCK]);

const plane = await startControlPlane({ version: "historic", flags: { shutdownDelayMs: DELAY_MS } });
try {
  const [server] = plane.apiservers;
  for (let run = 0; run < Number(values.runs); run++) {
    for (const size of values.connections.split(",").map(Number)) {
      const ends = await gather(server, size);
      const startedMs = performance.now();
      const exit = server.terminate().then(() => performance.now() - startedMs);
      const seen = await Promise.all(ends);
      const told = seen.filter(({ goaway }) => goaway).length;
      const reset = seen.filter(({ error }) => error !== null).length;
      console.log(
        JSON.stringify({ connections: size, told, share: told / size, reset, exitMs: Math.round(await exit), run }),
      );
      await server.start();
      await server.ready();
    }
  }
} finally {
  await plane.close();
}

/** Opens them, and gives how each will end once all have had their answer. */
async function gather({ host, port }, size) {
  const ends = [];
  let wanted = size;
  const next = async () => {
    while (wanted-- > 0) {
      const { answered, ended } = join(host, port);
      ends.push(ended);
      await answered;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return ends;
}

function join(host, port) {
  const socket = connect({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error(`silent for ${WITHIN_MS} ms`)));
  socket.once("secureConnect", () => socket.write(Buffer.concat([PREFACE, REQUEST])));
  let rest = Buffer.alloc(0);
  let goaway = false;
  let error = null;
  let onAnswer;
  const answered = new Promise((resolve) => {
    onAnswer = resolve;
  });
  const ended = new Promise((resolve) => socket.once("close", () => resolve({ goaway, error })));
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let length = frameLength(rest); length <= rest.length; length = frameLength(rest)) {
      const [type, flags] = [rest[3], rest[4]];
      if (type === GOAWAY) goaway = true;
      // The end of stream 1, in DATA or HEADERS.
      if (type <= 1 && (flags & 1) === 1) onAnswer();
      rest = rest.subarray(length);
    }
  });
  socket.on("error", (problem) => {
    error = problem.code ?? problem.message;
    onAnswer();
  });
  return { answered, ended };
}

function frameLength(buffer) {
  return buffer.length < 9 ? Number.POSITIVE_INFINITY : 9 + buffer.readUIntBE(0, 3);
}
