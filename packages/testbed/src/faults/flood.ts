import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

/** A flood ends by itself after so many bytes: a client that let it come so far has no bound. */
export const FLOOD_BYTES = 64 * 1024 * 1024;
/** Written at once; the next batch follows when the kernel has this one. */
const BATCH_BYTES = 32 * 1024;

export interface FloodOptions {
  /** The bytes repeated: whole frames, `round` counting from 0. */
  readonly frames: (stream: number, round: number) => Buffer;
  /** Sent once before. */
  readonly first?: (stream: number) => Buffer;
  /** Stops after so many bytes. Default {@link FLOOD_BYTES}. */
  readonly bytes?: number;
}

/** The first request of a connection is answered by frames without end, as fast as they are taken, until the client leaves. */
export function flood(name: string, options: FloodOptions): Fault {
  return {
    name,
    arm(connection, fired) {
      let begun = false;
      return {
        onRequest({ stream }) {
          if (!begun) {
            begun = true;
            void pour(connection, stream, options, fired);
          }
          return true;
        },
      };
    },
  };
}

async function pour(
  connection: ServerConnection,
  stream: number,
  { frames, first, bytes = FLOOD_BYTES }: FloodOptions,
  fired: () => void,
): Promise<void> {
  fired();
  if (first !== undefined) await connection.send(first(stream));
  let sent = 0;
  let round = 0;
  while (!connection.closed && !connection.peerLeft && sent < bytes) {
    const batch: Buffer[] = [];
    let size = 0;
    while (size < BATCH_BYTES) {
      const piece = frames(stream, round++);
      batch.push(piece);
      size += piece.length;
    }
    sent += size;
    await connection.send(...batch);
    // A write that the kernel takes at once must not keep this thread from reading what the client says to it.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
