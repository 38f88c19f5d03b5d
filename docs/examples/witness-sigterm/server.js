// A server of node:http2 as it is often written: it answers after half a second, and on SIGTERM it closes its listener.
import { createServer } from "node:http2";

const sessions = new Set();
const server = createServer((_request, response) => setTimeout(() => response.end("late"), 500));
server.on("session", (session) => {
  sessions.add(session);
  session.once("close", () => sessions.delete(session));
});
server.listen(8123, "127.0.0.1");

process.once("SIGTERM", () => {
  server.close();
  for (const session of sessions) session.close();
});
