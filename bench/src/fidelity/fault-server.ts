import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../programs/fault-server.js", import.meta.url));

export interface FaultServer extends AsyncDisposable {
  readonly port: number;
  readonly controlPort: number;
}

/** The server that ends connections by a seeded plan, in a process of its own. */
export async function startFaultServer(plan: {
  readonly seed: number;
  readonly connections: number;
  readonly spanMs: number;
  readonly hold: boolean;
}): Promise<FaultServer> {
  const words = [plan.seed, plan.connections, plan.spanMs, plan.hold ? 1 : 0].map(String);
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise((resolve) => child.once("close", resolve));
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (line.done === true) throw new Error("the fault server ended before it listened");
  const { port, control } = JSON.parse(line.value) as { port: number; control: number };
  return {
    port,
    controlPort: control,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await gone;
    },
  };
}
