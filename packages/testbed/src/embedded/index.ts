export type { EmbeddedApiserver } from "./embedded-apiserver.js";
export {
  type EmbeddedServers,
  type EmbeddedServersOptions,
  type ListenAddress,
  startEmbeddedServers,
} from "./embedded-servers.js";
