import { print } from "./io.js";
import { main } from "./main.js";
import { processIo } from "./process-io.js";

/** The command of this process's own arguments. Resolves with its exit code when all of its output is handed on. */
export async function runProcess(): Promise<number> {
  const io = processIo();
  const code = await main(process.argv.slice(2), io);
  await Promise.all([print(io.stdout, ""), print(io.stderr, "")]);
  return code;
}
