import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { clock, type Heard, open, seeded } from "./witness-client.js";
import { type Peer, startServer } from "./witness-server.js";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const CONNECTIONS = 150;

const handles = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|TLS|JSStream|Shutdown|WriteWrap/.test(name))
    .sort();

const inMs = (ms: number, run: () => void): void => {
  setTimeout(run, ms);
};

/** What holds for the log of any connection that got as far as a socket, whoever ended it and how. */
function expectOrder(heard: Heard): void {
  const kinds = heard.kinds();
  const story = kinds.join(" ");
  const count = (kind: string): number => kinds.filter((other) => other === kind).length;
  expect(kinds[0], story).toBe("tcp.connect.started");
  expect(kinds.at(-1), story).toBe("tcp.closed");
  for (const once of ["tcp.connect.complete", "tls.handshake.complete", "tls.close_notify.received"]) {
    expect(count(once), story).toBeLessThanOrEqual(1);
  }
  expect(count("tcp.fin.received"), story).toBeLessThanOrEqual(1);
  expect(count("tcp.rst.received"), story).toBeLessThanOrEqual(1);
  expect(count("tcp.closed"), story).toBe(1);
  const goodbye = kinds.indexOf("tls.close_notify.received");
  const fin = kinds.indexOf("tcp.fin.received");
  if (goodbye !== -1 && fin !== -1) expect(goodbye, story).toBeLessThan(fin);
  const ended = heard.calls.indexOf("ended");
  expect(heard.calls.slice(ended), story).toEqual(["ended", "closed"]);
}

it(`${2 * CONNECTIONS} connections under load, ended in every way, leave no handle and no timer behind (seed ${seed})`, async () => {
  const random = seeded(seed);
  const before = handles();
  for (const tls of [false, true]) {
    await using server = await startServer({ tls, answerFin: true });
    const client = async (): Promise<void> => {
      const heard = await open(server.port, { tls, until: random() < 0.1 ? "tcp" : "tls" });
      let over = false;
      const end = Math.floor(random() * 8);
      if (end === 0) heard.conn.destroy("aborted");
      if (end === 1) heard.conn.close("aborted");
      await Promise.race([heard.ready, heard.closed]);
      const pump = (): void => {
        if (over) return;
        heard.conn.write(randomBytes(1 + Math.floor(random() * 3_000)));
        inMs(random() * 4, pump);
      };
      pump();
      if (end === 2) inMs(random() * 100, () => heard.conn.close("lane.complete"));
      if (end === 3) inMs(random() * 100, () => heard.conn.destroy("lane.complete"));
      inMs(500, () => heard.conn.close("run.ended"));
      await heard.closed;
      over = true;
      expectOrder(heard);
    };
    const peer = ({ raw, plain, cutAfter }: Peer): void => {
      const end = Math.floor(random() * 8);
      const act = (): void => {
        if (end === 0) raw.end();
        if (end === 1) raw.resetAndDestroy();
        if (end === 2) plain.end(randomBytes(1_000));
        if (end === 3) raw.destroy();
        if (end === 4) raw.end(() => raw.resetAndDestroy());
        if (end === 5) {
          cutAfter(40);
          plain.write(randomBytes(1_000), () => raw.end());
        }
      };
      plain.on("data", () => {
        if (random() < 0.3 && !plain.destroyed && plain.writable)
          plain.write(randomBytes(1 + Math.floor(random() * 2_000)));
      });
      inMs(random() * 150, act);
    };
    let accepting = true;
    const accept = async (): Promise<void> => {
      while (accepting) peer(await server.nextPeer());
    };
    void accept();
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    accepting = false;
  }
  // Closed handles are released at the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(handles()).toEqual(before);
  expect(clock.pending.size).toBe(0);
});
