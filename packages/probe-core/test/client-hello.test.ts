import { connect, type Socket } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { certificates } from "../../testbed/src/certificates/certificates.js";
import { clientHello } from "../src/io/client-hello.js";
import { HelloAnswerReader } from "../src/io/hello-answer.js";

/** What a real server says to our ClientHello, and what it understood of it. */
async function ask(
  options: { maxVersion: "TLSv1.2" | "TLSv1.3"; ALPNProtocols: string[] },
  serverName: string | null,
): Promise<{ answer: unknown; sni: string | null }> {
  const { good } = await certificates();
  let sni: string | null = null;
  const server = createServer({
    ...good,
    ...options,
    SNICallback: (name, done) => {
      sni = name;
      done(null);
    },
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  let socket: Socket | undefined;
  const answer = await new Promise((resolve, reject) => {
    const reader = new HelloAnswerReader();
    socket = connect(address.port, "127.0.0.1", () => socket?.write(clientHello(serverName)));
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      const told = reader.push(bytes);
      if (told !== null) resolve(told);
    });
    socket.on("end", () => reject(new Error("no answer")));
  });
  socket?.destroy();
  await new Promise((resolve) => server.close(resolve));
  return { answer, sni };
}

describe("clientHello", () => {
  it("is answered by OpenSSL with TLS 1.3 and with TLS 1.2, and tells the server's name", async () => {
    for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
      const { answer, sni } = await ask({ maxVersion, ALPNProtocols: ["h2"] }, "testbed.internal");
      expect(answer).toEqual({ is: "server_hello", alert: null });
      expect(sni).toBe("testbed.internal");
    }
  });

  it("tells no name where there is none, and offers h2 alone", async () => {
    expect(await ask({ maxVersion: "TLSv1.3", ALPNProtocols: ["h2"] }, null)).toEqual({
      answer: { is: "server_hello", alert: null },
      sni: null,
    });
    // no_application_protocol (RFC 7301 §3.2)
    const { answer } = await ask({ maxVersion: "TLSv1.3", ALPNProtocols: ["smtp"] }, null);
    expect(answer).toEqual({ is: "alert", alert: 120 });
  });

  it("is another one each time", () => {
    const [one, other] = [clientHello("a.example"), clientHello("a.example")];
    expect(one.length).toBe(other.length);
    expect(one.equals(other)).toBe(false);
  });
});
