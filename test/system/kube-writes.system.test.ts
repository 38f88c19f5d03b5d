import { readFileSync } from "node:fs";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { request } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { type Apiserver, type ControlPlane, startControlPlane } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { program } from "../../packages/cli/test/support/program.js";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { makeDir } from "./support/run-dir.js";
import { allOf, readRunLog } from "./support/run-log.js";
import { until } from "./support/until.js";

/** What the front did to a write before it cut the connection that it came on. */
type Fate = "yes" | "no";

/** The fates of the next writes of each verb: done and then cut, cut and never done. */
const PLAN: readonly Fate[] = ["yes", "no", "yes", "yes", "no"];

describe("writes whose answer is lost", () => {
  it("are found done or not done, as the one who lost it knows, and the report says which retries were wrong", async (test) => {
    await kubePrograms(test, "current");
    await using plane = await startControlPlane({ parent: makeDir("kube") });
    const [server] = plane.apiservers as [Apiserver];
    await using front = await startCuttingFront(plane, server);
    const out = join(makeDir("writes"), "run.jsonl");
    const kubeconfig = await plane.kubeconfig("admin-token", `127.0.0.1:${front.port}`);
    const calm = [
      "--no-self-test",
      "--idle",
      "0",
      "--fresh-h2",
      "0",
      "--rate",
      "30",
      "--sessions",
      "1",
      "--concurrency",
      "2",
    ];
    await using run = program(["run", "--kubeconfig", kubeconfig, "--out", out, ...calm]);
    const all = 2 * PLAN.length;
    await until(() => front.fates.size === all, { what: () => `${front.fates.size} of ${all} cut`, withinMs: 60_000 });
    // Each is looked at for three seconds before it is called undone.
    await until(() => readFileSync(out, "utf8").split('"kind":"write.resolved"').length - 1 >= all, {
      what: "all of them resolved",
      withinMs: 60_000,
    });
    run.child.kill("SIGINT");
    expect((await run.exited).code, run.text("stderr")).toBe(1);

    const log = readRunLog(out);
    const applied = new Map(allOf(log.events, "write.resolved").map((event) => [event.request, event.applied]));
    const told = new Map<string, string | undefined>();
    for (const { request: id, method, url } of log.requests.filter(({ request: each }) => applied.has(each))) {
      const { pathname, searchParams } = new URL(url);
      const object = method === "POST" ? `${pathname}/${searchParams.get("fieldManager")}` : pathname;
      const key = `${method} ${object}`;
      // Others were lost with those that were meant, on the same connection.
      if (front.fates.has(key)) told.set(key, applied.get(id));
    }
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(front.fates));
    const count = (fate: string): number => [...applied.values()].filter((each) => each === fate).length;
    expect(count("yes")).toBeGreaterThanOrEqual(6);
    expect(count("no")).toBeGreaterThanOrEqual(4);
    expect(run.text("stdout").replaceAll(/\s+/g, " ")).toContain(
      `lost writes read back: ${count("yes")} had been applied, so that a retry would have been wrong; ${count("no")} had not; ${count("unknown")} could not be told`,
    );
  });
});

interface CuttingFront extends AsyncDisposable {
  readonly port: number;
  /** By method and path of the object. */
  readonly fates: ReadonlyMap<string, Fate>;
}

/** Speaks TLS and HTTP/2 before one API server, and loses the answers of some writes together with their connection. */
async function startCuttingFront(plane: ControlPlane, server: Apiserver): Promise<CuttingFront> {
  const identity = await plane.credentials.server({ dns: ["localhost"], ip: ["127.0.0.1"] });
  const front = createSecureServer({ ...identity, allowHTTP1: true });
  const fates = new Map<string, Fate>();
  const planned = new Map([
    ["POST", [...PLAN]],
    ["DELETE", [...PLAN]],
  ]);
  const raw = new Set<Socket>();
  front.on("connection", (socket: Socket) => {
    raw.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => raw.delete(socket));
  });
  front.on("secureConnection", (socket) => socket.on("error", () => {}));
  front.on("sessionError", () => {});
  front.on("request", (incoming, outgoing) => {
    const fate = isOurs(incoming) ? planned.get(incoming.method)?.shift() : undefined;
    const cut = (): void => {
      fates.set(`${incoming.method} ${objectOf(incoming.url)}`, fate ?? "no");
      incoming.stream.session?.destroy();
    };
    if (fate === "no") cut();
    else forward(plane, server, incoming, outgoing, fate === "yes" ? cut : null);
  });
  await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
  return {
    port: (front.address() as AddressInfo).port,
    fates,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => front.close(done));
      for (const socket of raw) socket.destroy();
      await closed;
    },
  };
}

/** `instead`: called with the server's answer there, in place of passing it on. */
function forward(
  plane: ControlPlane,
  server: Apiserver,
  incoming: Http2ServerRequest,
  outgoing: Http2ServerResponse,
  instead: (() => void) | null,
): void {
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !/^(:|connection$|host$)/.test(name)),
  );
  const { host, port } = server;
  const { method, url } = incoming;
  const upstream = request({ host, port, ca: plane.ca, agent: false, method, path: url, headers });
  upstream.on("error", () => outgoing.destroy());
  upstream.on("response", (answer) => {
    answer.on("error", () => outgoing.destroy());
    if (instead !== null) {
      answer.resume();
      answer.once("end", instead);
      return;
    }
    const kept = Object.entries(answer.headers).filter(
      ([name]) => !/^(connection|keep-alive|transfer-encoding)$/.test(name),
    );
    outgoing.writeHead(answer.statusCode ?? 500, Object.fromEntries(kept));
    answer.pipe(outgoing);
  });
  incoming.on("error", () => upstream.destroy());
  outgoing.on("error", () => upstream.destroy());
  incoming.pipe(upstream);
}

/** Of the workload over HTTP/2; the run's own questions come by HTTP/1.1, and are left alone. */
function isOurs({ httpVersionMajor, url }: Http2ServerRequest): boolean {
  return httpVersionMajor === 2 && /^\/api\/v1\/namespaces\/[^/]+\/(secrets|configmaps|serviceaccounts)\b/.test(url);
}

function objectOf(url: string): string {
  const { pathname, searchParams } = new URL(url, "https://localhost");
  const name = searchParams.get("fieldManager");
  return name === null ? pathname : `${pathname}/${name}`;
}
