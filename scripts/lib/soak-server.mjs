// The server of the soak, in a process of its own: node:http2 over TLS on a free port of loopback, a small answer to
// every request. Prints its port. Usage: node soak-server.mjs CERT_FILE KEY_FILE
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [certFile, keyFile] = process.argv.slice(2);
const server = createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.respond({ ":status": 200, "content-type": "text/plain" });
  stream.end("hello\n");
});
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.on("disconnect", () => process.exit(0));
