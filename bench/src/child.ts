// One of our own programs in a process of its own: `node child.js PROGRAM` reads one line of JSON parameters for each repetition and
// answers with one line, a sample. It lives through all repetitions, so that compilers have compiled before the first that counts.
import { createInterface } from "node:readline";

const program = process.argv[2] ?? "";
if (!/^[\w-]+$/.test(program)) throw new Error(`not a program: ${program}`);
const { measure } = (await import(`./programs/${program}.js`)) as { measure: (params: unknown) => Promise<object> };
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line)))}\n`);
}
process.exit(0);
