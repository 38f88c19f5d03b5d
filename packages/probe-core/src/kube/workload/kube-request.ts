import type { RequestTemplate } from "../../io/request-template.js";
import { VERSION } from "../../version.js";

/** Makes the requests of a workload on one path. */
export interface KubeRequests {
  get(path: string, expected?: readonly number[]): RequestTemplate;
  create(path: string, json: string): RequestTemplate;
  delete(path: string): RequestTemplate;
}

const COMMON: readonly (readonly [string, string])[] = [
  ["accept", "application/json"],
  ["user-agent", `drainprobe/${VERSION}`],
];

/** `base`: the kubeconfig's server, with its path prefix if it has one. */
export function kubeRequests(base: URL): KubeRequests {
  const prefix = base.pathname.replace(/\/$/, "");
  const template = (method: string, path: string): RequestTemplate => ({
    method,
    url: base.origin + prefix + path,
    path: prefix + path,
    headers: COMMON,
    body: null,
  });
  return {
    get: (path, expected) => ({ ...template("GET", path), ...(expected === undefined ? {} : { expected }) }),
    delete: (path) => template("DELETE", path),
    create(path, json) {
      const body = Buffer.from(json);
      return {
        ...template("POST", path),
        headers: [...COMMON, ["content-type", "application/json"], ["content-length", String(body.byteLength)]],
        body,
      };
    },
  };
}
