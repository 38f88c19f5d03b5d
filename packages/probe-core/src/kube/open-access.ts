import type { KubeAccess } from "./access.js";
import { type ExecCredential, execInfo, parseExecCredential } from "./credentials/exec-credential.js";
import { ExecProvider } from "./credentials/exec-provider.js";
import { certificatesOf } from "./credentials/pem.js";
import { runPlugin } from "./credentials/run-plugin.js";
import { changingText } from "./credentials/source.js";
import { TlsMaterial, type TlsSources } from "./credentials/tls-material.js";
import { Token } from "./credentials/token.js";
import { describeSource } from "./describe.js";
import type { Notify } from "./notice.js";
import type { ExecSettings, SourceSettings } from "./settings.js";

export interface OpenAccessDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execTimeoutMs: number;
  readonly notify: Notify;
  readonly nowMs: () => number;
}

/** Reads every credential once, runs the exec plugin if there is one, and hands out what is asked for at each connection. */
export async function openAccess(settings: SourceSettings, deps: OpenAccessDeps): Promise<KubeAccess> {
  const { address, trust, user } = settings;
  const { server } = address;
  const common = {
    server,
    host: server.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(server.port) || (server.protocol === "http:" ? 80 : 443),
    serverName: address.serverName,
    verify: trust.verify,
    namespace: settings.namespace,
    description: describeSource(settings),
  };
  // As for kubectl: nothing that could be used by whoever listens is sent in the clear.
  if (server.protocol === "http:") {
    return {
      ...common,
      ca: none,
      clientCertificate: none,
      token: null,
      secureContext: null,
      refused: () => {},
      close: () => {},
    };
  }
  const ca = trust.ca === null ? null : changingText(trust.ca);
  // Files first: with one of them bad, no program is run in vain.
  if (ca !== null) certificatesOf(ca.read(), ca.place, ca.about);
  const token = user.token === null ? null : new Token(user.token, deps.notify);
  const exec = user.exec === null ? null : await startExec(user.exec, settings, deps);
  try {
    const tls = new TlsMaterial({ ca, clientCertificate: certificateOf(settings, exec) }, deps.notify, deps.nowMs);
    const execToken = exec === null || exec.credential.token === null ? null : () => exec.credential.token ?? "";
    return {
      ...common,
      ca: () => tls.ca(),
      clientCertificate: () => tls.clientCertificate(),
      token: token === null ? execToken : () => token.current(),
      secureContext: () => tls.secureContext(),
      refused: () => exec?.refused(),
      close: () => exec?.close(),
    };
  } catch (error) {
    exec?.close();
    throw error;
  }
}

function certificateOf({ user }: SourceSettings, exec: ExecProvider | null): TlsSources["clientCertificate"] {
  if (user.clientCertificate === null) return exec?.clientCertificate() ?? null;
  const { cert, key } = user.clientCertificate;
  return { cert: changingText(cert), key: changingText(key) };
}

function startExec(exec: ExecSettings, settings: SourceSettings, deps: OpenAccessDeps): Promise<ExecProvider> {
  const { address, trust } = settings;
  const run = async (): Promise<ExecCredential> => {
    const ca = exec.provideClusterInfo && trust.ca !== null ? changingText(trust.ca).read() : null;
    const { serverName, server } = address;
    // Without the slash that URL adds, as the kubeconfig has it.
    const cluster = { server: server.href.replace(/\/$/, ""), serverName, verify: trust.verify, ca };
    const output = await runPlugin(exec, execInfo(exec, cluster), deps.env, deps.execTimeoutMs);
    return parseExecCredential(output, exec);
  };
  return ExecProvider.start({ run, place: exec.place, notify: deps.notify, nowMs: deps.nowMs });
}

const none = (): null => null;
