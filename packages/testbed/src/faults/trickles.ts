import { headersFrame, settingsFrame } from "../h2/frame.js";
import { encodeHeaders } from "../h2/hpack.js";
import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

export interface TrickleOptions {
  /** Between two bytes. Default 1 000. */
  readonly everyMs?: number;
}

const ABSURD_LENGTH = 1_000_000;
/** nghttp2 ends a connection at the header of a SETTINGS frame with more of them, before any time is up. */
const MAX_SETTINGS = 32;

/** One byte at a time, in the part of a connection that the name says; for ever. */
export const trickles = {
  handshake: (options: TrickleOptions = {}): Fault => ({
    name: "trickle-handshake",
    arm(connection, fired) {
      connection.wire.slowDown(options.everyMs ?? 1_000);
      return {
        onCiphertext() {
          fired();
          return false;
        },
      };
    },
  }),
  settings: (options: TrickleOptions = {}): Fault => ({
    name: "trickle-settings",
    arm(connection, fired) {
      return {
        onSettings: () => true,
        onSecure() {
          fired();
          void trickle(
            connection,
            settingsFrame(Array.from({ length: MAX_SETTINGS }, () => [3, 100] as const)),
            options,
          );
          return true;
        },
      };
    },
  }),
  headers: (options: TrickleOptions = {}): Fault => ({
    name: "trickle-headers",
    arm(connection, fired) {
      let begun = false;
      return {
        // Its bytes would stand in the middle of a frame.
        onPing: () => begun,
        onRequest({ stream }) {
          if (begun) return true;
          begun = true;
          fired();
          const block = encodeHeaders([
            [":status", "200"],
            ["x-filler", "x".repeat(2_000)],
          ]);
          void trickle(connection, headersFrame(stream, block, true), options);
          return true;
        },
      };
    },
  }),
  /** Whole DATA frames of one byte each, so that PING is answered between them. */
  body: (options: TrickleOptions = {}): Fault => ({
    name: "trickle-body",
    arm(connection, fired) {
      let begun = false;
      return {
        onRequest({ stream }) {
          if (begun) return false;
          begun = true;
          fired();
          void trickleBody(connection, stream, options);
          return true;
        },
      };
    },
  }),
} as const;

async function trickleBody(connection: ServerConnection, stream: number, options: TrickleOptions): Promise<void> {
  await connection.headers(stream, 200, [["content-length", String(ABSURD_LENGTH)]]);
  while (!connection.closed && connection.open.has(stream)) {
    await connection.data(stream, Buffer.from("x"));
    await pause(connection, options);
  }
}

async function trickle(connection: ServerConnection, bytes: Buffer, options: TrickleOptions): Promise<void> {
  for (const byte of bytes) {
    if (connection.closed) return;
    await connection.send(Buffer.of(byte));
    await pause(connection, options);
  }
}

/** Ends early with the connection: no timer is left behind. */
function pause(connection: ServerConnection, { everyMs = 1_000 }: TrickleOptions): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, everyMs);
    void connection
      .when(() => connection.closed)
      .then(() => {
        clearTimeout(timer);
        resolve();
      });
  });
}
