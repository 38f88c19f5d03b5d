import type { Endpoint } from "../events/index.js";

/** `10.0.0.6:52950`, `[::1]:6443`. */
export function endpoint(address: string, port: number): Endpoint {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
