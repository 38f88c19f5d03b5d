import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { certificates } from "@drainprobe/testbed";
import { versionOf, which } from "./programs.js";

/** A server in a process of its own. */
export interface BenchServer extends AsyncDisposable {
  readonly title: string;
  readonly port: number;
  /** `https://127.0.0.1:PORT/x` or `http://…`. */
  readonly url: string;
  /** PEM file of the authority that signed its certificate. */
  readonly caFile: string;
  readonly pid: number;
}

export const CERTIFICATE = "EC P-256, signed by an EC P-256 authority";

/**
 * nginx where it is installed, for it costs little and takes the key share that clients offer first (nghttpd wants another one, and
 * with it a second ClientHello); else Node's own HTTP/2 server. Both answer 6 bytes. They listen on every 127.0.0.0/8 address.
 */
export async function startServer({ tls }: { readonly tls: boolean }): Promise<BenchServer> {
  const dir = mkdtempSync(join(tmpdir(), "drainprobe-bench-"));
  const { ca, good } = await certificates();
  const file = (name: string, text: string): string => {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const caFile = file("ca.pem", ca);
  const certFile = file("cert.pem", good.cert);
  const keyFile = file("key.pem", good.key);
  const port = await freePort();
  const nginx = which("nginx");
  const [command, args] =
    nginx === null
      ? [process.execPath, [NODE_SERVER, String(port), ...(tls ? [keyFile, certFile] : [])]]
      : [nginx, ["-p", dir, "-e", "stderr", "-c", file("nginx.conf", nginxConf(dir, port, tls))]];
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = `${complaint}${text}`.slice(-500);
  });
  await listening(port, () => {
    if (child.exitCode !== null) throw new Error(`the server ended before it listened: ${complaint}`);
  });
  return {
    title: nginx === null ? `node:http2 ${process.version}` : `nginx ${versionOf(nginx, ["-v"])}`,
    port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}/x`,
    caFile,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One process, no limits that would end a connection, no files. */
function nginxConf(dir: string, port: number, tls: boolean): string {
  return `daemon off;
master_process off;
pid ${dir}/nginx.pid;
worker_rlimit_nofile 65536;
events { worker_connections 32768; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  keepalive_time 24h;
  server {
    listen 0.0.0.0:${port} ${tls ? "ssl " : ""}http2 backlog=4096;
    ${tls ? `ssl_certificate ${dir}/cert.pem;\n    ssl_certificate_key ${dir}/key.pem;\n    ssl_protocols TLSv1.2 TLSv1.3;` : ""}
    http2_max_concurrent_streams 128;
    location / { return 200 "hello\\n"; }
  }
}
`;
}

const NODE_SERVER = fileURLToPath(new URL("../programs/node-server.js", import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Resolves when somebody accepts connections there. */
export async function listening(port: number, throwIfDead: () => void): Promise<void> {
  for (;;) {
    throwIfDead();
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => setTimeout(() => resolve(false), 20));
    });
    if (accepted) return;
  }
}
