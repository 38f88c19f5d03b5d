import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCertificate } from "../certificate.js";
import { startProcess } from "../owned-process.js";
import { listening, reservePort } from "../ports.js";
import { versionOf } from "../programs.js";
import { makeDir } from "../run-dir.js";
import { deathOf, lifeOf, type RealServer } from "./server.js";

export interface Nghttpd extends RealServer {
  /** SIGTERM. nghttpd has no handler for it. */
  terminate(): void;
  /** Starts another one on the same port, once this one is gone. */
  startAgain(): Promise<void>;
}

export interface NghttpdOptions {
  /** `false`: h2c with prior knowledge. Default `true`. */
  readonly tls?: boolean;
}

/** Never read to its end: nghttpd cannot limit a rate, so a stream stays in flight by its size (a sparse file). */
const SLOW_BYTES = 1024 ** 4;

/** nghttpd with one thread, serving files. */
export async function startNghttpd(options: NghttpdOptions = {}): Promise<Nghttpd> {
  const tls = options.tls ?? true;
  const dir = makeDir("nghttpd");
  const certificate = await writeCertificate(dir);
  const port = await reservePort();
  const www = join(dir, "www");
  mkdirSync(www);
  writeFileSync(join(www, "fast"), "hello\n");
  writeFileSync(join(www, "slow"), "");
  truncateSync(join(www, "slow"), SLOW_BYTES);
  const args = ["-a", "127.0.0.1", "-d", www, String(port)];
  const start = async (): ReturnType<typeof startProcess> => {
    const started = await startProcess(
      "nghttpd",
      tls ? [...args, certificate.keyFile, certificate.certFile] : ["--no-tls", ...args],
      { dir },
    );
    await listening(port, deathOf(started));
    return started;
  };
  let nghttpd = await start();
  return {
    title: `nghttpd ${versionOf("nghttpd")}`,
    port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    certificate,
    fastPath: "/fast",
    slowPath: "/slow",
    ...lifeOf(dir, nghttpd),
    terminate: () => nghttpd.signal("SIGTERM"),
    startAgain: async () => {
      await nghttpd.exited;
      nghttpd = await start();
    },
  };
}
