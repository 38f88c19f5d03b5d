import { createServer } from "node:net";

/**
 * Accepts connections and hands them on, in a process of its own: stopped (SIGSTOP) it accepts nothing, its queue fills up, and the kernel
 * drops whatever else comes without a word. That is how packets vanish without root.
 */
const [, , host = "", port = "", backlog = ""] = process.argv;
process.on("disconnect", () => process.exit());

const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
  process.send?.("connection", socket, { keepOpen: false });
});
const at = { host, port: Number(port), backlog: Number(backlog) };
process.on("message", (message: { readonly listen: boolean }) => {
  if (message.listen && !server.listening) server.listen(at, () => process.send?.("listening"));
  else if (!message.listen && server.listening) server.close();
});
