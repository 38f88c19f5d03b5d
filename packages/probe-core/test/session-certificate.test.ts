import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import { sessionCertificate } from "../src/io/session-certificate.js";

it.each(["TLSv1.2", "TLSv1.3"] as const)("finds the peer's own certificate in a session of %s", async (version) => {
  const { ca, good } = await certificates();
  const server = createServer({ cert: good.cert, key: good.key }, (socket) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ca, minVersion: version, maxVersion: version });
  try {
    await once(socket, "secureConnect");
    const der = sessionCertificate(socket);
    expect(der).not.toBeNull();
    expect(new X509Certificate(der as Buffer).fingerprint256).toBe(new X509Certificate(good.cert).fingerprint256);
  } finally {
    socket.destroy();
    server.close();
    await once(server, "close");
  }
});
