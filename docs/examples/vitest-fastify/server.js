import { setTimeout as pause } from "node:timers/promises";
import fastify from "fastify";

const app = fastify({
  http2: true,
  // Before Node 24 only this lets app.close() say GOAWAY; without it the server waits for its clients, who know of nothing.
  forceCloseConnections: true,
  // A request that came before the GOAWAY was heard is answered, and not turned away with 503.
  return503OnClosing: false,
});

app.get("/", async () => {
  await pause(30); // A query, perhaps.
  return { hello: "world" };
});

process.once("SIGTERM", () => {
  if (process.env.DRAIN === "wrong") process.exit(0);
  app.close();
});

console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
