import { spawn } from "node:child_process";

/** Runs a program to its end, with `input` on its standard input. Rejects with what it complained of, unless it exits with 0. */
export function command(program: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let [out, complaint] = ["", ""];
    child.stdout.on("data", (part) => {
      out += part;
    });
    child.stderr.on("data", (part) => {
      complaint += part;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ${args.join(" ")} (exit code ${code}): ${complaint.trim()}`));
    });
    // A program that has ended does not read any more; its exit code says why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
