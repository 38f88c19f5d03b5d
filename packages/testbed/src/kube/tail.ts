import { readFile } from "node:fs/promises";

/**
 * For an error's text: what a log complains of last (klog's errors, cobra's, Go's panics; a page of usage may follow it), or
 * else its last lines.
 */
export async function tail(file: string, lines = 15): Promise<string> {
  const all = (await readFile(file, "utf8").catch(() => "")).trimEnd().split("\n");
  const complaints = all.filter((line) => /^([EF]\d{4} |[Ee]rror: |panic: )/.test(line));
  return (complaints.length > 0 ? complaints : all).slice(-lines).join("\n");
}
