import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Identity } from "../certificates/identity.js";
import { type ApiTarget, ask } from "./api-client.js";
import type { Credentials } from "./credentials.js";
import { type Etcd, tellsProgress } from "./etcd.js";
import { type ApiserverFlags, flagArguments } from "./flags.js";
import { type Exit, type OwnedProcess, startOwned, type Wrap } from "./owned-process.js";
import type { PlaneDir } from "./plane-dir.js";
import type { ApiserverProgram } from "./programs.js";
import { tail } from "./tail.js";
import { until } from "./until.js";

/** The Services' addresses; the first is the API's own. Nothing routes them in the lab. */
export const SERVICE_RANGE = "10.96.0.0/24";
export const SERVICE_ADDRESS = "10.96.0.1";

/** What an {@link Apiserver} is made of. */
export interface ApiserverPlan {
  readonly index: number;
  readonly program: ApiserverProgram;
  readonly dir: PlaneDir;
  readonly host: string;
  readonly port: number;
  /** The address it binds to: `host`, or one that stands for all. */
  readonly bind: string;
  /** What it tells others its address is, in Endpoints; Kubernetes refuses loopback there. */
  readonly advertise: string;
  readonly flags: ApiserverFlags;
  readonly etcd: Etcd;
  readonly credentials: Credentials;
  /** The certificate it shows. */
  readonly serving: Identity;
  /** For asking whether it is ready. */
  readonly admin: Identity;
  readonly wrap: Wrap;
}

/** One real kube-apiserver, which can be ended and started again at the same address. */
export class Apiserver {
  readonly index: number;
  readonly host: string;
  readonly port: number;
  readonly advertise: string;
  /** `v1.36.3`. */
  readonly version: string;
  /** The certificate it shows; each instance has its own. PEM, with its authority behind it. */
  readonly certificate: string;
  /** Its outputs of all starts, klog's format at verbosity 2: what OpenShift calls the termination log. */
  readonly logFile: string;
  /** How it ended, each time. */
  readonly exits: Exit[] = [];
  readonly #plan: ApiserverPlan;
  #flags: ApiserverFlags;
  #process: OwnedProcess | null = null;
  #wasReady: OwnedProcess | null = null;

  constructor(plan: ApiserverPlan) {
    this.index = plan.index;
    this.host = plan.host;
    this.port = plan.port;
    this.advertise = plan.advertise;
    this.version = plan.program.version;
    this.certificate = plan.serving.cert;
    this.logFile = join(plan.dir.path, `kube-apiserver-${plan.index}.log`);
    this.#plan = plan;
    this.#flags = plan.flags;
  }

  get url(): string {
    return `https://${this.host}:${this.port}`;
  }

  /** `null` while it does not run. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** It was ready, runs, and has not been told to end. */
  get serving(): boolean {
    return this.#process !== null && this.#process === this.#wasReady && !this.#process.told();
  }

  /** The flags of the present or next start. */
  get flags(): ApiserverFlags {
    return this.#flags;
  }

  /** Starts the process; it is not ready yet. `flags` are put over those of the start before. */
  async start(flags: ApiserverFlags = {}): Promise<void> {
    if (this.#process !== null) throw new Error(`apiserver ${this.index} runs already`);
    this.#flags = { ...this.#flags, ...flags };
    const { dir, program, wrap, index } = this.#plan;
    const cwd = join(dir.path, `kube-apiserver-${index}`);
    const command = { program: program.program, args: await this.#arguments(cwd) };
    const started = await startOwned({
      ...wrap(command, { kind: "apiserver", index }),
      dir,
      cwd,
      logFile: this.logFile,
    });
    this.#process = started;
    void started.exited.then((exit) => {
      this.exits.push(exit);
      this.#process = null;
    });
  }

  /** Resolves when /readyz says 200; rejects with the log's last lines if the process ends or the time is over. */
  async ready(withinMs = 180_000): Promise<void> {
    const running = this.#process;
    if (running === null) throw new Error(`apiserver ${this.index} does not run`);
    const target: ApiTarget = { host: this.host, port: this.port, ca: this.#plan.credentials.ca, ...this.#plan.admin };
    try {
      await until(async () => {
        const exit = running.exit();
        if (exit !== null)
          throw new Error(`apiserver ${this.index} ended (${exit.signal ?? `exit code ${exit.code}`})`);
        try {
          const { status, text } = await ask(target, { path: "/readyz", withinMs: 5_000 });
          return status === 200 ? null : `/readyz says ${status}: ${text.replaceAll("\n", " ").slice(0, 300)}`;
        } catch (error) {
          return `apiserver ${this.index} does not answer: ${String(error)}`;
        }
      }, withinMs);
      this.#wasReady = running;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await tail(this.logFile)}`, { cause: error });
    }
  }

  /** SIGTERM: the graceful termination begins. Resolves when the process has ended, which a watch can put off for a minute. */
  terminate(): Promise<Exit> {
    return this.#end("SIGTERM");
  }

  /** SIGKILL. Resolves when the process has ended. */
  kill(): Promise<Exit> {
    return this.#end("SIGKILL");
  }

  /** Terminates it, starts it with `flags` put over the old ones, and waits until it is ready. */
  async restart(flags: ApiserverFlags = {}): Promise<Exit> {
    const exit = await this.terminate();
    await this.start(flags);
    await this.ready();
    return exit;
  }

  #end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#process === null) return Promise.reject(new Error(`apiserver ${this.index} does not run`));
    this.#process.signal(signal);
    return this.#process.exited;
  }

  async #arguments(cwd: string): Promise<string[]> {
    const { credentials, serving, etcd, advertise, program, bind } = this.#plan;
    await mkdir(cwd, { recursive: true, mode: 0o700 });
    const [cert, key] = [join(cwd, "serving.crt"), join(cwd, "serving.key")];
    await writeFile(cert, serving.cert, { mode: 0o600 });
    await writeFile(key, serving.key, { mode: 0o600 });
    return [
      `--etcd-servers=${etcd.url}`,
      `--bind-address=${bind}`,
      `--secure-port=${this.port}`,
      `--advertise-address=${advertise}`,
      "--endpoint-reconciler-type=lease",
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      `--cert-dir=${cwd}`,
      `--tls-cert-file=${cert}`,
      `--tls-private-key-file=${key}`,
      `--client-ca-file=${credentials.files.ca}`,
      `--token-auth-file=${credentials.files.tokens}`,
      `--service-account-key-file=${credentials.files.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${credentials.files.serviceAccountKey}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      "--api-audiences=https://kubernetes.default.svc.cluster.local",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--v=2",
      // Later versions have no other port and do not know the flag.
      ...(program.name === "historic" ? ["--insecure-port=0"] : []),
      // With an etcd that does not tell progress, a watch without a resourceVersion waits 3 s and then fails.
      ...(minorOf(program.version) >= 32 && !tellsProgress(etcd.version) ? ["--feature-gates=WatchList=false"] : []),
      ...flagArguments(this.#flags),
    ];
  }
}

/** 36 of `v1.36.3`. */
const minorOf = (version: string): number => Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0);
