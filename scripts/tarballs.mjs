// Builds the packages and packs them as they would be published: `node scripts/tarballs.mjs FOLDER`.
import { resolve } from "node:path";
import { packTarballs } from "./lib/tarballs.mjs";

const [folder] = process.argv.slice(2);
try {
  if (folder === undefined) throw new Error("say where to: node scripts/tarballs.mjs FOLDER");
  for (const file of Object.values(await packTarballs(resolve(folder)))) console.log(file);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
