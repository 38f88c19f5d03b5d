import { type ClientHttp2Session, connect } from "node:http2";
import { makeStalls, untilDone } from "../fidelity/client.js";
import type { Account, Anchor, Told } from "../fidelity/wall-line.js";
import { systemClock } from "../harness/inner.js";
import type { FidelityParams } from "./fidelity-drainprobe.js";

const ANCHOR_MS = 500;
const TICK_MS = 2;

/** node:http2 with a listener for all it tells, and one stream that stays open on each session. Its first word of an end counts. */
export async function measure(params: FidelityParams): Promise<Account> {
  const clock = await systemClock();
  const told: Told[] = [];
  const anchors: Anchor[] = [];
  const anchor = (): void => {
    const t = clock.now();
    anchors.push({ t, ...clock.anchor(t) });
  };
  anchor();
  const anchoring = setInterval(anchor, ANCHOR_MS);
  const alive = new Set<ClientHttp2Session>();
  const all: ClientHttp2Session[] = [];
  const closes: Promise<void>[] = [];
  let over = false;
  for (let index = 0; index < params.connections; index += 1) {
    const session = connect(params.url);
    all.push(session);
    closes.push(new Promise<void>((resolve) => session.once("close", resolve)));
    let local = "";
    let ended = false;
    const end = (error?: NodeJS.ErrnoException): void => {
      if (ended || over) return;
      ended = true;
      alive.delete(session);
      told.push({ local, kind: error?.code === "ECONNRESET" ? "rst" : "fin", t: clock.now(), u: null });
    };
    session.once("connect", () => {
      const { localAddress, localPort } = session.socket;
      local = `${localAddress}:${localPort}`;
      alive.add(session);
    });
    session.on("goaway", () => {
      alive.delete(session);
      told.push({ local, kind: "goaway", t: clock.now(), u: null });
    });
    session.on("error", end);
    session.once("close", () => end());
    const stream = session.request({ ":path": "/held" });
    stream.on("error", end);
    stream.once("aborted", () => end());
    stream.once("close", () => end());
    stream.resume();
  }
  const stopLoad = params.ratePerSecond === 0 ? () => {} : load(alive, params.ratePerSecond);
  const stopStalls = params.stalls ? makeStalls() : () => {};
  await untilDone(params.controlPort);
  stopLoad();
  stopStalls();
  anchor();
  clearInterval(anchoring);
  over = true;
  for (const session of all) session.destroy();
  await Promise.all(closes);
  return { told, anchors, kernelDelayNs: null };
}

/** An open loop over the sessions that live, round and round. */
function load(alive: ReadonlySet<ClientHttp2Session>, ratePerSecond: number): () => void {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) * ratePerSecond) / 1000;
    const sessions = [...alive];
    for (; sent < due; sent += 1) {
      const session = sessions[sent % sessions.length];
      if (session === undefined || session.destroyed || session.closed) continue;
      const stream = session.request({ ":path": "/x" });
      stream.on("error", () => {});
      stream.resume();
    }
  }, TICK_MS);
  return () => clearInterval(timer);
}
