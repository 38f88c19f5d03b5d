import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../kube/owned-process.js";
import type { PlaneDir } from "../kube/plane-dir.js";
import type { ApiserverConfig, ApiserverNews } from "./apiserver-config.js";
import { type Child, startChild } from "./child.js";

/** What an {@link EmbeddedApiserver} is made of. */
export interface EmbeddedApiserverPlan {
  readonly index: number;
  readonly dir: PlaneDir;
  readonly config: ApiserverConfig;
  readonly wrap: (command: Command) => Command;
  /** Told whenever it begins or ceases to listen. */
  readonly onChange: () => void;
}

/** One of the lab's own API servers, which can be ended and started again at the same address. */
export class EmbeddedApiserver {
  readonly index: number;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly terminationLog: string;
  readonly pidFile: string;
  readonly #plan: EmbeddedApiserverPlan;
  #starts = 0;
  #child: Child | null = null;
  #listening = false;
  #ready: Promise<void> = Promise.resolve();

  constructor(plan: EmbeddedApiserverPlan) {
    const { config, index } = plan;
    this.#plan = plan;
    this.index = index;
    this.name = config.name;
    this.host = config.host;
    this.port = config.port;
    this.terminationLog = config.terminationLog;
    this.pidFile = config.pidFile;
  }

  /** Does it have a listener, as far as this process has heard? */
  get listening(): boolean {
    return this.#listening;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the process; resolves when it runs, not when it listens. */
  async start(): Promise<void> {
    const { dir, config, wrap, index } = this.#plan;
    if (this.#child !== null) throw new Error(`${this.name} runs already`);
    const file = join(dir.path, `${config.name}.json`);
    // Each start has its own chances, and the same ones for the same seed.
    writeFileSync(file, JSON.stringify({ ...config, seed: config.seed + 1_000 * index + this.#starts }), {
      mode: 0o600,
    });
    this.#starts += 1;
    const child = await startChild({ dir, name: config.name, program: "apiserver-main", args: [file], wrap });
    this.#child = child;
    this.#ready = new Promise((resolve, reject) => {
      child.process.on("message", (news: ApiserverNews) => {
        if (news.at === "ready") resolve();
        else this.#setListening(news.at === "listening");
      });
      void child.exited.then(({ code, signal }) => {
        this.#child = null;
        this.#setListening(false);
        reject(new Error(`${this.name} ended (${signal ?? `exit code ${code}`})${lastWords(dir, config.name)}`));
      });
    });
    this.#ready.catch(() => {});
  }

  /** Resolves when /readyz says 200; rejects when the process ends first. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Resolves when its process is gone. */
  async exited(): Promise<void> {
    await this.#child?.exited;
  }

  signal(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child?.signal(signal);
  }

  #setListening(listening: boolean): void {
    if (this.#listening === listening) return;
    this.#listening = listening;
    this.#plan.onChange();
  }
}

function lastWords(dir: PlaneDir, name: string): string {
  try {
    const text = readFileSync(join(dir.path, name, "output.log"), "utf8").trim();
    return text === "" ? "" : `: ${text.slice(-500)}`;
  } catch {
    return "";
  }
}
