import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import { PROMETHEUS_CONTENT_TYPE } from "@drainprobe/core";
import { errorCode } from "../system-error.js";
import { UsageError } from "../usage-error.js";

/** Scrapers come one or two at a time; whoever opens more is turned away, and costs the probe nothing. */
const MAX_CONNECTIONS = 16;
const REQUEST_TIMEOUT_MS = 5_000;

export interface MetricsServerOptions {
  /** 0: any that is free. */
  readonly port: number;
  readonly address: string;
  /** The text of `/metrics`, made anew for each scrape. */
  readonly metrics: () => string;
}

/** `/metrics` and `/healthz`, on the address asked for and no other. */
export interface MetricsServer extends AsyncDisposable {
  /** `http://127.0.0.1:9464`. */
  readonly url: string;
}

/** Starts to serve. Throws {@link UsageError} where the address or port cannot be had. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (req, res) =>
    answer(req, res, options.metrics),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options);
  const host = isIPv6(options.address) ? `[${options.address}]` : options.address;
  return {
    url: `http://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, { port, address }: MetricsServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new UsageError(problem(error, port, address))));
    server.listen(port, address, () => {
      server.removeAllListeners("error");
      // From now on only a scraper's connection can fail, and that is its own affair.
      server.on("error", () => {});
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

function problem(error: Error, port: number, address: string): string {
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return `--metrics-port ${port}: somebody listens there already; name another, or 0 for any that is free`;
    case "EACCES":
      return `--metrics-port ${port}: not permitted; ports below 1024 want root`;
    case "EADDRNOTAVAIL":
      return `--metrics-address ${address}: not an address of this machine`;
    default:
      return `--metrics-port ${port}: cannot listen on ${address} (${errorCode(error) ?? error.message})`;
  }
}

function answer(request: IncomingMessage, response: ServerResponse, metrics: () => string): void {
  const path = request.url?.split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD") {
    reply(request, response, 405, "only GET and HEAD\n", { allow: "GET, HEAD" });
  } else if (path === "/metrics") {
    reply(request, response, 200, metrics(), { "content-type": PROMETHEUS_CONTENT_TYPE });
  } else if (path === "/healthz") {
    // That it answers at all is the news: the same event loop runs the probe.
    reply(request, response, 200, "ok\n");
  } else {
    reply(request, response, 404, "there is /metrics and /healthz\n");
  }
}

function reply(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
