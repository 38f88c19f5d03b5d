import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, createSecureContext } from "node:tls";
import type { Sample } from "../harness/sample.js";
import { hold, type ScaleParams } from "../scale/hold.js";

/** Rivals that only hold: TLS sockets of node:tls, or sessions of node:http2 with a PING each second. */
export async function measure(params: ScaleParams & { readonly kind: "tls" | "http2" }): Promise<Sample> {
  const secureContext = createSecureContext({ ca: readFileSync(params.caFile) });
  const { port } = new URL(params.url);
  const rtts: number[] = [];
  const closers: (() => void)[] = [];
  let dead = 0;
  let firstMs = 0;
  let lastMs = 0;
  let allDead: () => void = () => {};
  const onDead = (): void => {
    dead += 1;
    if (dead === 1) firstMs = performance.now();
    lastMs = performance.now();
    if (dead === params.sessions) allDead();
  };
  const one = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const host = `127.0.0.${1 + Math.floor(index / 2_500)}`;
      const options = { secureContext, servername: "localhost" };
      if (params.kind === "tls") {
        const socket = connect({ ...options, host, port: Number(port), ALPNProtocols: ["h2"] }, resolve);
        socket.on("error", reject);
        socket.on("close", onDead);
        socket.resume();
        closers.push(() => socket.destroy());
      } else {
        const session = connectHttp2(`https://${host}:${port}`, options, () => resolve());
        const pinger = setInterval(() => session.ping((error, ms) => error ?? rtts.push(ms * 1e6)), 1_000);
        session.on("error", reject);
        session.on("close", () => {
          clearInterval(pinger);
          onDead();
        });
        closers.push(() => session.destroy());
      }
    });
  return hold(params, {
    async open() {
      const wave = 50;
      for (let at = 0; at < params.sessions; at += wave) {
        const count = Math.min(wave, params.sessions - at);
        await Promise.all(Array.from({ length: count }, (_, index) => one(at + index)));
      }
      return async () => {
        for (const close of closers) close();
      };
    },
    async died() {
      if (dead < params.sessions) {
        await new Promise<void>((resolve) => {
          allDead = resolve;
        });
      }
      return { recorded: dead, spanMs: lastMs - firstMs };
    },
    rtts: () => rtts.splice(0),
  });
}
