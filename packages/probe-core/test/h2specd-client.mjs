// What h2specd starts for each of its cases: `node h2specd-client.mjs http://127.0.0.1:PORT/`. The wire engine on a
// witnessed connection, as a run has it: one GET, the conversation kept going, gone when the server says goodbye or the
// connection fails. A whole probe would reopen the session, and h2specd takes a second connection for its next case.
import { SystemClock } from "../dist/clock/system-clock.js";
import { encodeRequest } from "../dist/h2/index.js";
import { openConnection } from "../dist/io/open-connection.js";
import { EventRecorder } from "../dist/io/recorder.js";
import { WireEngine } from "../dist/io/wire-engine.js";

const url = new URL(process.argv[2]);
const head = { method: "GET", scheme: "http", authority: url.host, path: url.pathname, headers: [] };
const prepared = { head, encoded: encodeRequest(head) };
const clock = new SystemClock();
let sent = false;

function converse() {
  if (!sent && engine.capacity > 0) sent = engine.request(1, prepared, null) !== 0;
  engine.flush();
  if (engine.failed) connection.close("protocol.error");
  else if (engine.draining) connection.close("lane.complete");
}

const connection = openConnection(
  { path: "h2specd", url, connectTo: null, tls: null },
  { lane: "slow", intended: null, until: "tcp", connectTimeoutNs: 1e9 },
  {
    onReady: () => converse(),
    onBytes(bytes) {
      engine.receive(bytes, []);
      converse();
    },
    onEnded() {},
    onClosed: () => clearTimeout(hung),
  },
  { recorder: new EventRecorder(clock), clock, nextConnectionId: () => 1 },
);
const engine = new WireEngine(connection);
// h2specd gives a command three seconds; one that would take longer has hung, and the case tells.
const hung = setTimeout(() => connection.destroy("aborted"), 2_500);
