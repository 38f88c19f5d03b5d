import { closeSync, openSync, writeSync } from "node:fs";

/** Writes lines as klog does, `Lmmdd hh:mm:ss.uuuuuu pid file:line] message`, each at once and whole. */
export class Klog {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a", 0o600);
  }

  /** One of kube-apiserver's termination signals. */
  signal(name: string): void {
    this.info("genericapiserver.go:702", `"[graceful-termination] shutdown event" name="${name}"`);
  }

  info(where: string, message: string): void {
    const micros = Math.round((performance.timeOrigin + performance.now()) * 1_000);
    const iso = new Date(Math.floor(micros / 1_000)).toISOString();
    const fraction = String(micros % 1_000_000).padStart(6, "0");
    const day = iso.slice(5, 10).replace("-", "");
    const pid = String(process.pid).padStart(7);
    writeSync(this.#file, `I${day} ${iso.slice(11, 19)}.${fraction} ${pid} ${where}] ${message}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
