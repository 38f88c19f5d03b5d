// The YAML of a kubeconfig and what is read from it. Whatever is wrong must be told as KUBECONFIG_INVALID and the like. Input: a file.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DrainprobeError } from "../../../packages/probe-core/dist/errors.js";
import { readKubeconfigFile } from "../../../packages/probe-core/dist/kube/kubeconfig/kubeconfig-file.js";
import { selectContext } from "../../../packages/probe-core/dist/kube/kubeconfig/select.js";

const file = join(mkdtempSync(join(tmpdir(), "drainprobe-fuzz-")), "kubeconfig");
const encoder = new TextEncoder();

export const maxBytes = 1_500;
export const words = [
  "clusters:\n",
  "- name: a\n  cluster:\n    server: https://a:6443\n",
  "users:\n",
  "- name: u\n  user:\n    token: t\n",
  "contexts:\n",
  "- name: c\n  context: {cluster: a, user: u}\n",
  "current-context: c\n",
  "&a ",
  "*a",
  "<<: *a\n",
  "__proto__:",
  "constructor:",
  "exec:",
  "!!binary ",
  "? ",
  "certificate-authority-data: AAAA\n",
  "insecure-skip-tls-verify: true\n",
  "- ",
  "{}",
  "[]",
  "null",
  "\t",
  "--- ",
  "|\n",
].map((text) => encoder.encode(text));
export const seeds = [
  encoder.encode(
    "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n    server: https://a:6443\nusers:\n- name: u\n  user:\n    token: t\n" +
      "contexts:\n- name: c\n  context: {cluster: a, user: u}\ncurrent-context: c\n",
  ),
];

export function fuzz(data) {
  writeFileSync(file, data);
  try {
    selectContext(readKubeconfigFile(file), null, () => {});
  } catch (error) {
    if (!(error instanceof DrainprobeError) || error.code === "BUG") throw error;
  }
  if ({}.a !== undefined || {}.token !== undefined || {}.server !== undefined) throw new Error("prototype polluted");
}
