import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** What the proxies stand before: it answers after 50 ms, so that there is always something in flight. */
export async function startBackend() {
  const server = createServer((_request, response) => setTimeout(() => response.end("hello\n"), 50));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: server.address().port, close };
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function startNginx(backendPort) {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "nginx-"));
  const config = `
    daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${port} http2; location / { proxy_pass http://127.0.0.1:${backendPort}; } }
    }`;
  await writeFile(join(folder, "nginx.conf"), config);
  const nginx = await start("nginx", ["-p", folder, "-c", "nginx.conf", "-e", join(folder, "error.log")], port);
  return {
    url: `http://127.0.0.1:${port}/`,
    /** What `nginx -s reload` does. */
    reload: () => nginx.kill("SIGHUP"),
    close: () => end(nginx, folder),
  };
}

export async function startHaproxy(backendPort) {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "haproxy-"));
  const config = `
defaults
    mode http
    timeout connect 5s
    timeout client 1m
    timeout server 1m
frontend front
    bind 127.0.0.1:${port} proto h2
    default_backend back
backend back
    server one 127.0.0.1:${backendPort}
`;
  const file = join(folder, "haproxy.cfg");
  await writeFile(file, config);
  let haproxy = await start("haproxy", ["-db", "-f", file], port);
  return {
    url: `http://127.0.0.1:${port}/`,
    /** Stop, then start: no reload. */
    async restart() {
      haproxy.kill("SIGTERM");
      await once(haproxy, "exit");
      haproxy = await start("haproxy", ["-db", "-f", file], port);
    },
    close: () => end(haproxy, folder),
  };
}

async function start(program, args, port) {
  const child = spawn(program, args, { stdio: "ignore" });
  await once(child, "spawn");
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with exit code ${child.exitCode}`);
    await pause(20);
  }
  return child;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function end(child, folder) {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  await rm(folder, { recursive: true });
}
