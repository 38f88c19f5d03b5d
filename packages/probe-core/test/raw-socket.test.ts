import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { RawSocket } from "../src/io/raw-socket.js";
import { startServer } from "./witness-server.js";

/** What a socket tells, in order, with the ticks that run between. */
async function toldOf(act: (peer: import("node:net").Socket) => void): Promise<string[]> {
  const told: string[] = [];
  await using server = await startServer({ tls: false });
  const raw = new RawSocket();
  raw.ending = () => {
    told.push("ending");
    process.nextTick(() => told.push("tick"));
  };
  raw.on("end", () => {
    told.push("end");
    raw.end();
  });
  raw.on("error", (error: NodeJS.ErrnoException) => told.push(error.code ?? ""));
  const closed = new Promise((resolve) => raw.once("close", resolve));
  raw.connect({ host: "127.0.0.1", port: server.port, autoSelectFamily: false });
  const [peer] = await Promise.all([server.nextPeer(), once(raw, "connect")]);
  act(peer.raw);
  await closed;
  return told;
}

describe("RawSocket", () => {
  it("says that it is ending before Node's streams have had a tick to tell it", async () => {
    const fin = await toldOf((peer) => peer.end());
    expect(fin.slice(0, 3)).toEqual(["ending", "tick", "end"]);
    const rst = await toldOf((peer) => peer.resetAndDestroy());
    expect(rst[0]).toBe("ending");
    expect(rst).toContain("ECONNRESET");
  });
});
