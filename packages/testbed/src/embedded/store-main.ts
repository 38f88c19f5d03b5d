import { createServer } from "node:net";
import { ObjectStore } from "./object-store.js";
import { LineReader, type StoreQuestion, type StoreRequest } from "./store-protocol.js";

/**
 * The store behind the lab's API servers, a program of its own: what one of them has written must be there when it is killed. Its one
 * argument is the path of the socket to listen on. It ends with whoever started it.
 */
const [, , path = ""] = process.argv;
const store = new ObjectStore();

function answer(ask: StoreQuestion): object {
  switch (ask.op) {
    case "create":
      return { result: store.create(ask.key, ask.body) };
    case "get":
      return { result: store.get(ask.key) };
    case "delete":
      return { result: store.delete(ask.key) };
    case "list":
      return { items: ask.everywhere ? store.listAll(ask.key) : store.list(ask.key), revision: store.revision };
  }
}

const server = createServer((socket) => {
  const lines = new LineReader();
  const unwatch = store.watch((change) => socket.write(`${JSON.stringify({ change })}\n`));
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    for (const line of lines.push(chunk)) {
      const { id, ask } = JSON.parse(line) as StoreRequest;
      socket.write(`${JSON.stringify({ id, ...answer(ask) })}\n`);
    }
  });
  // An API server that is killed leaves nothing half done: a line came whole or not at all.
  socket.on("error", () => {});
  socket.on("close", unwatch);
});
server.listen(path, () => process.send?.({ at: "listening" }));
process.on("disconnect", () => process.exit());
