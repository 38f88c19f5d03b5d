import { spawnSync } from "node:child_process";

/** How to ask each program for its version, and where in the answer it stands. */
const VERSION: Readonly<Record<string, { readonly args: readonly string[]; readonly pattern: RegExp }>> = {
  nginx: { args: ["-v"], pattern: /nginx\/(\S+)/ },
  caddy: { args: ["version"], pattern: /v?(\d\S*)/ },
  haproxy: { args: ["-v"], pattern: /version (\d[\d.]*)/ },
  nghttpd: { args: ["--version"], pattern: /nghttp2\/(\S+)/ },
};

const known = new Map<string, string>();

/** The version a program gives of itself. Throws where it is not installed. */
export function versionOf(program: string): string {
  const cached = known.get(program);
  if (cached !== undefined) return cached;
  const how = VERSION[program];
  if (how === undefined) throw new Error(`no way known to ask ${program} for its version`);
  const answer = spawnSync(program, how.args, { encoding: "utf8" });
  if (answer.error !== undefined) throw new Error(`${program} cannot be run: ${answer.error.message}`);
  const version = how.pattern.exec(answer.stdout + answer.stderr)?.[1] ?? "unknown";
  known.set(program, version);
  return version;
}
