import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCertificate } from "../certificate.js";
import { startProcess } from "../owned-process.js";
import { listening, reservePort } from "../ports.js";
import { versionOf } from "../programs.js";
import { makeDir } from "../run-dir.js";
import { startTrickle } from "../trickle.js";
import { deathOf, lifeOf, type RealServer } from "./server.js";

export interface CaddyOptions {
  /** How long open streams may go on after a stop or a reload. Default `2s`. */
  readonly gracePeriod?: string;
}

export interface Caddy extends RealServer {
  /** SIGTERM: listeners closed, GOAWAY, then the grace period. */
  terminate(): void;
  /** SIGQUIT: caddy's own word for leaving at once. */
  quit(): void;
  /** `caddy reload --force`. Resolves when caddy says it is done. */
  reload(): Promise<void>;
}

/** Caddy with a static answer and a reverse proxy to an upstream of ours that trickles. */
export async function startCaddy(options: CaddyOptions = {}): Promise<Caddy> {
  const dir = makeDir("caddy");
  const certificate = await writeCertificate(dir);
  const trickle = await startTrickle({ seconds: 6 });
  const port = await reservePort();
  const socketPath = join(dir, "admin.sock");
  writeFileSync(join(dir, "caddy.json"), configuration(dir, port, trickle.port, socketPath, options));
  for (const name of ["home", "data", "config"]) mkdirSync(join(dir, name));
  const caddy = await startProcess("caddy", ["run", "--config", "caddy.json"], {
    dir,
    env: { HOME: join(dir, "home"), XDG_DATA_HOME: join(dir, "data"), XDG_CONFIG_HOME: join(dir, "config") },
  });
  await listening(port, deathOf(caddy));
  const life = lifeOf(dir, caddy);
  return {
    title: `caddy ${versionOf("caddy")}`,
    port,
    url: `https://127.0.0.1:${port}`,
    certificate,
    fastPath: "/fast",
    slowPath: "/slow",
    ...life,
    terminate: () => caddy.signal("SIGTERM"),
    quit: () => caddy.signal("SIGQUIT"),
    reload: () => load(dir, socketPath),
    [Symbol.asyncDispose]: async () => {
      await life[Symbol.asyncDispose]();
      await trickle.close();
    },
  };
}

/** The program asks the running one through its admin socket; it is not started anew. */
async function load(dir: string, admin: string): Promise<void> {
  const args = ["reload", "--force", "--config", "caddy.json", "--address", `unix/${admin}`];
  const reload = await startProcess("caddy", args, { dir });
  const { code } = await reload.exited;
  if (code !== 0) throw new Error(`caddy did not reload: ${reload.stderr()}`);
}

function configuration(dir: string, port: number, upstream: number, admin: string, options: CaddyOptions): string {
  const proxy = {
    handler: "reverse_proxy",
    upstreams: [{ dial: `127.0.0.1:${upstream}` }],
    flush_interval: -1,
  };
  return JSON.stringify({
    admin: { listen: `unix/${admin}`, config: { persist: false } },
    logging: { logs: { default: { level: "INFO" } } },
    apps: {
      http: {
        grace_period: options.gracePeriod ?? "2s",
        servers: {
          probed: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            tls_connection_policies: [{}],
            routes: [
              { match: [{ path: ["/slow"] }], handle: [proxy], terminal: true },
              { handle: [{ handler: "static_response", status_code: 200, body: "hello\n" }] },
            ],
          },
        },
      },
      tls: {
        certificates: { load_files: [{ certificate: join(dir, "cert.pem"), key: join(dir, "key.pem") }] },
      },
    },
  });
}
