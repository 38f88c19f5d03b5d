import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCertificate } from "../certificate.js";
import { startProcess } from "../owned-process.js";
import { listening, reservePort } from "../ports.js";
import { versionOf } from "../programs.js";
import { makeDir } from "../run-dir.js";
import { deathOf, lifeOf, type RealServer } from "./server.js";

export interface NginxOptions {
  /** `worker_shutdown_timeout`: how long old workers may go on. Default: for ever. */
  readonly shutdownTimeout?: string;
}

export interface Nginx extends RealServer {
  /** What `nginx -s quit` sends. */
  quit(): void;
  /** What `nginx -s stop` sends. */
  stop(): void;
  /** What `nginx -s reload` sends. */
  reload(): void;
}

const SLOW_SECONDS = 3;
const SLOW_BYTES_PER_SECOND = 64 * 1024;

/** nginx with two workers, in the foreground, with a file whose sending is limited to take three seconds. */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const dir = makeDir("nginx");
  const certificate = await writeCertificate(dir);
  const port = await reservePort();
  const www = join(dir, "www");
  mkdirSync(www);
  writeFileSync(join(www, "fast"), "hello\n");
  writeFileSync(join(www, "slow"), "");
  truncateSync(join(www, "slow"), SLOW_SECONDS * SLOW_BYTES_PER_SECOND);
  writeFileSync(join(dir, "nginx.conf"), configuration(dir, port, options));
  const nginx = await startProcess("nginx", ["-p", dir, "-c", "nginx.conf", "-e", "stderr"], { dir });
  await listening(port, deathOf(nginx));
  return {
    title: `nginx ${versionOf("nginx")}`,
    port,
    url: `https://127.0.0.1:${port}`,
    certificate,
    fastPath: "/fast",
    slowPath: "/slow",
    ...lifeOf(dir, nginx),
    quit: () => nginx.signal("SIGQUIT"),
    stop: () => nginx.signal("SIGTERM"),
    reload: () => nginx.signal("SIGHUP"),
  };
}

function configuration(dir: string, port: number, options: NginxOptions): string {
  const shutdown = options.shutdownTimeout === undefined ? "" : `worker_shutdown_timeout ${options.shutdownTimeout};`;
  return `
daemon off;
user root;
worker_processes 2;
pid ${dir}/nginx.pid;
error_log stderr notice;
${shutdown}
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${dir}/cert.pem;
    ssl_certificate_key ${dir}/key.pem;
    root ${dir}/www;
    location = /slow { limit_rate ${SLOW_BYTES_PER_SECOND}; }
  }
}
`;
}
