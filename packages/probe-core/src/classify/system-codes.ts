/** No route, no link: the network said that the address cannot be reached. */
export const UNREACHABLE_CODES: ReadonlySet<string> = new Set(["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN"]);

/** This host or its policy had nothing left for the socket: the tool's failure, never the target's. */
export const LOCAL_RESOURCE_CODES: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
]);

/** The resolver answered that there is no such name, or none with an address. */
export const NO_SUCH_NAME_CODES: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_NONAME"]);
