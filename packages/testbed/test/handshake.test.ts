import { X509Certificate } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { certificates } from "../src/certificates/certificates.js";
import type { Fault } from "../src/faults/fault.js";
import { finDuringTlsHandshake } from "../src/faults/fin-during-tls-handshake.js";
import { rstDuringTlsHandshake } from "../src/faults/rst-during-tls-handshake.js";
import { settingsNeverSent } from "../src/faults/settings-never-sent.js";
import { tlsAlert } from "../src/faults/tls-alert.js";
import { tlsGarbage } from "../src/faults/tls-garbage.js";
import { tlsHandshakeSilence } from "../src/faults/tls-handshake-silence.js";
import { type RawServer, type RawServerOptions, startRawServer } from "../src/server/raw-server.js";
import { BareClient } from "./bare-client.js";

let server: RawServer | undefined;
let socket: TLSSocket | undefined;
let bare: BareClient | undefined;
afterEach(async () => {
  socket?.destroy();
  bare?.destroy();
  await server?.close();
});

/** What node:tls makes of a handshake: an error code, or the ALPN protocol chosen. */
async function handshake(
  options: Omit<RawServerOptions, "identity"> & { identity?: RawServerOptions["identity"] } = {},
): Promise<string> {
  const made = await certificates();
  const running = await startRawServer({ identity: made.good, ...options });
  server = running;
  return new Promise((resolve) => {
    const tls = connect({
      host: "127.0.0.1",
      port: running.port,
      ca: made.ca,
      servername: "testbed.internal",
      ALPNProtocols: ["h2"],
    });
    socket = tls;
    tls.once("secureConnect", () => resolve(String(tls.alpnProtocol)));
    tls.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("certificates", () => {
  it("are made once per process, with EC keys", async () => {
    expect(certificates()).toBe(certificates());
    const leaf = new X509Certificate((await certificates()).good.cert);
    expect(leaf.publicKey.asymmetricKeyType).toBe("ec");
    for (const name of ["localhost", "testbed.internal"]) expect(leaf.checkHost(name)).toBe(name);
    for (const ip of ["127.0.0.1", "::1"]) expect(leaf.checkIP(ip)).toBe(ip);
  });

  it("the good one is accepted", async () => {
    expect(await handshake()).toBe("h2");
  });

  it.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["wrongName", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["unknownCa", "SELF_SIGNED_CERT_IN_CHAIN"],
  ] as const)("%s is refused with %s", async (which, code) => {
    expect(await handshake({ identity: (await certificates())[which] })).toBe(code);
  });
});

describe("ALPN", () => {
  it("a server of HTTP/1.1 only says no_application_protocol", async () => {
    expect(await handshake({ alpn: ["http/1.1"] })).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
  });

  it("a server that ignores ALPN chooses none", async () => {
    expect(await handshake({ alpn: [] })).toBe("false");
  });
});

describe("faults inside the handshake", () => {
  const cases: [string, () => Fault, RegExp][] = [
    ["garbage", tlsGarbage, /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/],
    ["alert 40", () => tlsAlert(40), /ALERT_HANDSHAKE_FAILURE/],
    ["alert 42", () => tlsAlert(42), /ALERT_BAD_CERTIFICATE/],
    ["alert 70", () => tlsAlert(70), /ALERT_PROTOCOL_VERSION/],
  ];
  it.each(cases)("%s", async (_name, fault, code) => {
    expect(await handshake({ fault: fault() })).toMatch(code);
  });

  it.each([
    ["fin", finDuringTlsHandshake],
    ["rst", rstDuringTlsHandshake],
  ] as const)("%s in answer to the ClientHello, and nothing else", async (end, fault) => {
    const made = await certificates();
    server = await startRawServer({ identity: made.good, fault: fault() });
    bare = new BareClient({ port: server.port, ca: made.ca });
    expect(await bare.ended).toBe(end);
    expect(bare.ciphertext).toEqual([]);
  });

  it("silence: the ClientHello is taken and not answered", async () => {
    const made = await certificates();
    server = await startRawServer({ identity: made.good, fault: tlsHandshakeSilence() });
    bare = new BareClient({ port: server.port, ca: made.ca });
    await server.when((s) => s.firedOn.length === 1);
    bare.raw.end();
    expect(await bare.ended).toBe("fin");
    expect(bare.ciphertext).toEqual([]);
  });

  it("settings-never-sent: TLS comes up, and not one frame", async () => {
    const made = await certificates();
    server = await startRawServer({ identity: made.good, fault: settingsNeverSent() });
    bare = new BareClient({ port: server.port, ca: made.ca });
    await bare.ready;
    bare.ping();
    bare.raw.end();
    await bare.ended;
    expect(bare.frames).toEqual([]);
  });
});
