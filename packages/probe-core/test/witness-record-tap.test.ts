import fc from "fast-check";
import { expect, it } from "vitest";
import { TlsRecordTap } from "../src/io/tls-record-tap.js";
import { open } from "./witness-client.js";
import { startServer } from "./witness-server.js";

const record = (type: number, length: number): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), Buffer.alloc(length, 0xaa)]);

const records = fc.array(fc.tuple(fc.integer({ min: 20, max: 24 }), fc.integer({ min: 0, max: 600 })), {
  maxLength: 6,
});

it("knows the record a stream ends in, wherever it ends and however it is cut", () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.array(fc.integer({ min: 1, max: 700 })), (specs, end, cuts) => {
      const stream = Buffer.concat(specs.map(([type, length]) => record(type, length)));
      const total = stream.length === 0 ? 0 : end % (stream.length + 1);
      const tap = new TlsRecordTap();
      let at = 0;
      for (const cut of [...cuts, total]) {
        tap.push(stream.subarray(at, Math.min(at + cut, total)));
        at = Math.min(at + cut, total);
      }
      let start = 0;
      let expected: unknown = null;
      for (const [contentType, length] of specs) {
        const received = total - start;
        if (received > 0 && received < 5)
          expected = { contentType: null, expectedBytes: null, receivedBytes: received };
        else if (received > 0 && received < 5 + length) {
          expected = { contentType, expectedBytes: 5 + length, receivedBytes: received };
        }
        start += 5 + length;
      }
      expect(tap.partial()).toEqual(expected);
    }),
  );
});

it("names the last whole record, and none before one is whole", () => {
  const tap = new TlsRecordTap();
  expect(tap.lastType).toBeNull();
  tap.push(Buffer.from([22, 3, 3, 0, 2, 1]));
  expect(tap.lastType).toBeNull();
  tap.push(Buffer.from([2, 21, 3, 3, 0, 2, 1, 0, 23, 3]));
  expect(tap.lastType).toBe(21);
});

it("makes nothing of bytes that are not TLS", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const tap = new TlsRecordTap();
      tap.push(Buffer.from("HTTP/1.1 400 Bad Request"));
      tap.push(bytes);
      expect(tap.partial()).toBeNull();
    }),
  );
});

it("TLS 1.2 says goodbye, and is cut, as TLS 1.3 does", async () => {
  await using server = await startServer({ tls: true, maxVersion: "TLSv1.2" });
  const polite = await open(server.port, { tls: true });
  (await server.nextPeer()).plain.end("bye");
  await polite.closed;
  expect(polite.one("tls.handshake.complete").protocol).toBe("TLSv1.2");
  expect(polite.kinds().slice(4)).toEqual([
    "tls.close_notify.received",
    "tcp.fin.received",
    "tcp.close.started",
    "tcp.closed",
  ]);
  const cut = await open(server.port, { tls: true });
  const peer = await server.nextPeer();
  await cut.ready;
  peer.cutAfter(20);
  peer.plain.write(Buffer.alloc(500), () => peer.raw.end());
  await cut.closed;
  expect(cut.one("tls.record.truncated")).toMatchObject({ contentType: 23, receivedBytes: 20 });
  expect(cut.kinds()).not.toContain("tls.close_notify.received");
});
