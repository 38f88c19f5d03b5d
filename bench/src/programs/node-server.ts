// The server where no other is installed: `node node-server.js PORT [KEY CERT]`.
import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";

const [port, key, cert] = process.argv.slice(2);
const server =
  key === undefined || cert === undefined
    ? createServer()
    : createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) });
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.respond({ ":status": 200, "content-length": "6" });
  stream.end("hello\n");
});
server.on("sessionError", () => {});
server.listen(Number(port));
