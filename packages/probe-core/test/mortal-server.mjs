// An HTTP/2 server (cleartext) as a process of its own, whose connections end when it is told. Started with an IPC channel: says
// `{ port }`, answers "count" with `{ count }` and "end" with `{ ended }` after it has destroyed that many sockets. Goes with its parent.
import { createServer } from "node:http2";

const sockets = new Set();
const server = createServer((_request, response) => response.end("ok"));
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => {});
});
server.on("session", (session) => session.on("error", () => {}));
server.on("sessionError", () => {});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => process.send({ port: server.address().port }));

process.on("message", (wanted) => {
  if (wanted === "count") process.send({ count: sockets.size });
  if (wanted !== "end") return;
  const ended = sockets.size;
  for (const socket of sockets) socket.destroy();
  process.send({ ended });
});
process.on("disconnect", () => process.exit());
