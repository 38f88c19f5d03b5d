// The configuration file of the CLI. Whatever is wrong must be told as misuse. Input: a file.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfigFile } from "../../../packages/cli/dist/config/config-file.js";
import { RUN_FLAGS } from "../../../packages/cli/dist/flags/run-flags.js";
import { UsageError } from "../../../packages/cli/dist/usage-error.js";

const file = join(mkdtempSync(join(tmpdir(), "drainprobe-fuzz-")), "config.yaml");
const encoder = new TextEncoder();

export const maxBytes = 1_200;
export const words = [
  ...Object.keys(RUN_FLAGS).map((name) => `${name}: `),
  "https://a:1",
  "1s",
  "50",
  "true",
  "path:\n  a:\n    url: https://a\n    ca: x\n",
  "- a=https://b\n",
  "__proto__: ",
  "constructor: ",
  "&a ",
  "*a",
  "<<: ",
  "\n",
  "{}",
  "[",
  "null",
].map((text) => encoder.encode(text));
export const seeds = [encoder.encode("target: https://a:6443\nrate: 50\nduration: 10s\nwatch:\n  - /a\n  - /b\n")];

export function fuzz(data) {
  writeFileSync(file, data);
  try {
    readConfigFile(file, RUN_FLAGS);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  if ({}.a !== undefined || {}.url !== undefined) throw new Error("prototype polluted");
}
