import { webcrypto } from "node:crypto";
import type { Certificates } from "./identity.js";
import type { CertificateWish, Issuer } from "./issue.js";

/** Text that hurts where it is not escaped: in a terminal, in a page, in a line of a log. */
export const HOSTILE_TEXT =
  '\u001b]0;owned\u0007\u001b[31m</script><img src=x onerror=alert(1)>\u202egnp.exe\r\n{"kind":"run.footer"}';
const HOSTILE_NAMES = [
  "</script><script>alert(1)</script>",
  "\u001b[2J\u001b[31mlocalhost",
  "localhost\u0000.evil.example",
  'a", DNS:localhost',
];

/** About fifty kilobytes of names. */
function manyNames(): string[] {
  return Array.from({ length: 1_000 }, (_, n) => `name-${n}-${"x".repeat(30)}.evil.example`);
}

let made: Promise<Certificates> | null = null;

/**
 * The testbed's certificates: EC P-256, made on the first call and kept for the life of the process (about 0.15 s,
 * most of it for loading the X.509 library; nothing is read from or written to disk).
 */
export function certificates(): Promise<Certificates> {
  made ??= make();
  return made;
}

async function make(): Promise<Certificates> {
  const { issue, issueAuthority } = await import("./issue.js");
  const [trusted, stranger] = await Promise.all([
    issueAuthority("drainprobe testbed CA"),
    issueAuthority("drainprobe testbed CA nobody knows"),
  ]);
  const day = 86_400_000;
  const now = Date.now();
  const valid = { from: new Date(now - 2 * day), to: new Date(now + 30 * day) };
  const here = { dns: ["localhost", "testbed.internal"], ip: ["127.0.0.1", "::1"] };
  const sign = (issuer: Issuer, wish: Omit<CertificateWish, "serial">) =>
    issue(issuer, { ...wish, serial: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString("hex") });
  const [good, expired, wrongName, unknownCa, hostileNames, client] = await Promise.all([
    sign(trusted, { commonName: "testbed.internal", ...here, valid, usage: "server" }),
    sign(trusted, {
      commonName: "testbed.internal",
      ...here,
      valid: { from: new Date(now - 2 * day), to: new Date(now - day) },
      usage: "server",
    }),
    sign(trusted, { commonName: "elsewhere.internal", dns: ["elsewhere.internal"], ip: [], valid, usage: "server" }),
    sign(stranger, { commonName: "testbed.internal", ...here, valid, usage: "server" }),
    sign(trusted, {
      commonName: HOSTILE_TEXT,
      dns: [...HOSTILE_NAMES, ...manyNames()],
      ip: [],
      valid,
      usage: "server",
    }),
    sign(trusted, { commonName: "testbed client", dns: [], ip: [], valid, usage: "client" }),
  ]);
  return { ca: trusted.pem, good, expired, wrongName, unknownCa, hostileNames, client };
}
