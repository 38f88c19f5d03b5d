#!/usr/bin/env node
import { EXIT } from "./io.js";

// Loaded here and not above: what cannot even be loaded is the instrument's failure, and must not exit as the target's would.
try {
  const { runProcess } = await import("./run-process.js");
  process.exitCode = await runProcess();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `drainprobe: cannot start: ${reason
      .split("\n")
      .map((line) => line.trim())
      .join(" ")}\n`,
  );
  process.exitCode = EXIT.misuse;
}
process.exit();
