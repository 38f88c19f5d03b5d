import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificates } from "@drainprobe/testbed";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { readConfigFile } from "../src/config/config-file.js";
import { loadCredentials } from "../src/config/credentials.js";
import { probeOptions } from "../src/config/probe-options.js";
import { commandLineSource, declareFlags } from "../src/flags/command-line.js";
import { flagName, kebab } from "../src/flags/flag.js";
import { RUN_FLAGS } from "../src/flags/run-flags.js";
import { mergeSettings } from "../src/flags/settings.js";

const folder = mkdtempSync(join(tmpdir(), "drainprobe-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function options(argv: readonly string[], yaml = ""): ReturnType<typeof probeOptions> {
  const command = new Command("run");
  declareFlags(command, RUN_FLAGS);
  command.parse([...argv], { from: "user" });
  const config = readConfigFile(file("probe.yaml", yaml), RUN_FLAGS);
  return probeOptions(mergeSettings(RUN_FLAGS, [commandLineSource(command, RUN_FLAGS), config]));
}

const T = ["--target", "https://h:6443"];

describe("lanes", () => {
  it("without a lane flag: held, one idle session and new connections", () => {
    expect(options(T).lanes).toEqual({
      held: { sessions: 2, streams: 5, ratePerSecond: 50 },
      idle: { sessions: 1 },
      freshH2: { ratePerSecond: 5 },
    });
  });

  it("with a lane flag: held and what was named", () => {
    expect(options([...T, "--fresh-tcp", "20"]).lanes).toEqual({
      held: { sessions: 2, streams: 5, ratePerSecond: 50 },
      freshTcp: { ratePerSecond: 20 },
    });
  });

  it("--sessions 0 leaves held out, and a rate of 0 its lane", () => {
    expect(options([...T, "--sessions", "0", "--fresh-h2", "0", "--fresh-tls", "2.5"]).lanes).toEqual({
      freshTls: { ratePerSecond: 2.5 },
    });
  });

  it("takes several watches and slow requests", () => {
    const { lanes } = options([...T, "--watch", "/a", "--watch", "/b", "--slow", "/c"]);
    expect(lanes).toMatchObject({ watch: { paths: ["/a", "/b"] }, slow: { paths: ["/c"] } });
  });
});

describe("options", () => {
  it("have the defaults of the help", () => {
    expect(options(T)).toMatchObject({
      paths: [{ name: "target", url: "https://h:6443/", verify: true }],
      engine: "wire",
      requestTimeoutMs: 10_000,
      pingIntervalMs: 250,
      pingTimeoutMs: 2_000,
      connectTimeoutMs: 5_000,
      drainTimeoutMs: 15_000,
      thresholds: { maxConnectionFailures: 0, maxRequestFailures: 0, maxUnsafe: 0 },
    });
    expect(options(T)).not.toHaveProperty("durationMs");
    expect(options(T)).not.toHaveProperty("log");
  });

  it("call the node by another name than the host's", () => {
    expect(options(T)).not.toHaveProperty("node");
    expect(options([...T, "--node", "master-0"])).toMatchObject({ node: "master-0" });
  });

  it("take durations to the nanosecond", () => {
    expect(options([...T, "--duration", "1m30s", "--ping-interval", "10.5ms"])).toMatchObject({
      durationMs: 90_000,
      pingIntervalMs: 10.5,
    });
  });

  it("switch a threshold off with none", () => {
    const { thresholds } = options([...T, "--max-unsafe", "none", "--max-new-connection-gap", "1s"]);
    expect(thresholds).toMatchObject({ maxUnsafe: Number.POSITIVE_INFINITY, maxNewConnectionGapNs: 1e9 });
  });

  it("send a body with a type that fits it", () => {
    const { requests } = options([...T, "--request", 'POST /x {"a":1}', "--request", "PUT /y plain words"]);
    expect(requests).toEqual([
      { method: "POST", path: "/x", headers: { "content-type": "application/json" }, body: '{"a":1}' },
      { method: "PUT", path: "/y", headers: { "content-type": "text/plain; charset=utf-8" }, body: "plain words" },
    ]);
  });
});

describe("a configuration", () => {
  it("sets what flags set, in either spelling of a key", () => {
    const yaml =
      "target: https://h\nrequestTimeout: 3s\nping-timeout: 4s\nengine: node\nrequest: GET /v\nself-test: false\n";
    expect(options([], yaml)).toMatchObject({
      requestTimeoutMs: 3_000,
      pingTimeoutMs: 4_000,
      engine: "node",
      requests: [{ method: "GET", path: "/v" }],
    });
  });

  it("loses to flags, and --target replaces nothing else", () => {
    const yaml = "target: https://h\nrate: 10\nrequest: [GET /a, GET /b]\n";
    const { lanes, requests } = options(["--rate", "20", "--request", "GET /c"], yaml);
    expect(lanes.held?.ratePerSecond).toBe(20);
    expect(requests).toEqual([{ method: "GET", path: "/c" }]);
  });

  it("gives a path of its own what the run has for all", () => {
    const yaml = [
      "server-name: api.example.com",
      "path:",
      "  vip: https://10.0.0.2:6443",
      "  peer-1:",
      "    url: https://10.0.0.2:6443",
      "    connect-to: 10.0.0.3:6443",
      "    server-name: peer.example.com",
      "    insecure-skip-tls-verify: true",
      "connect-to: vip=10.0.0.9:6443",
      "",
    ].join("\n");
    expect(options([], yaml).paths).toEqual([
      {
        name: "vip",
        url: "https://10.0.0.2:6443/",
        connectTo: "10.0.0.9:6443",
        serverName: "api.example.com",
        verify: true,
      },
      {
        name: "peer-1",
        url: "https://10.0.0.2:6443/",
        connectTo: "10.0.0.3:6443",
        serverName: "peer.example.com",
        verify: false,
      },
    ]);
  });

  it("names files relative to its own folder", () => {
    file("own.token", "abc\n");
    const [path] = options([], "target: https://h\ntoken-file: own.token\n").paths;
    expect(path?.token?.()).toBe("abc");
  });

  it("has a key for every flag but --config", () => {
    for (const [name, flag] of Object.entries(RUN_FLAGS)) {
      const text = flag.kind === "switch" ? "5" : "";
      const read = (): unknown => readConfigFile(file("key.yaml", `${kebab(name)}: ${text}\n`), RUN_FLAGS);
      if (name === "config") expect(read).toThrow("command line only");
      else expect(read, flagName(name, flag)).toThrow(/has no value|wants true or false/);
    }
  });
});

describe("credentials", () => {
  const none = { ca: undefined, cert: undefined, key: undefined, tokenFile: undefined };

  it("reads a token again each time, and keeps the last good one", () => {
    const tokenFile = file("rotating.token", "one\n");
    const { token } = loadCredentials({ ...none, tokenFile });
    expect(token?.()).toBe("one");
    writeFileSync(tokenFile, "two");
    expect(token?.()).toBe("two");
    writeFileSync(tokenFile, "");
    expect(token?.()).toBe("two");
    rmSync(tokenFile);
    expect(token?.()).toBe("two");
  });

  it("refuses a token that could break a header, without repeating it", () => {
    const tokenFile = file("bad.token", "abc\ndef");
    expect(() => loadCredentials({ ...none, tokenFile })).toThrow(
      /holds no token, or one with blanks or control characters$/,
    );
  });

  it("tells a key of another certificate, and one with a passphrase", async () => {
    const { client } = await certificates();
    const [cert, own] = [file("cert.pem", client.cert), file("own.key", client.key)];
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const key = file("other.key", other.export({ type: "pkcs8", format: "pem" }).toString());
    expect(() => loadCredentials({ ...none, cert, key })).toThrow(/other\.key: is not the key of --cert .*cert\.pem$/);
    const locked = file(
      "locked.key",
      other.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" }).toString(),
    );
    expect(() => loadCredentials({ ...none, cert, key: locked })).toThrow(/locked\.key: has a passphrase/);
    expect(loadCredentials({ ...none, cert, key: own })).toHaveProperty("key");
  });
});
