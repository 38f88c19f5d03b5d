import type { Nanos } from "../events/index.js";

/** Where a session is in its life. */
export type SessionState =
  | { readonly kind: "connecting" } //                        TCP and TLS; the witness keeps their time
  | { readonly kind: "preface"; readonly until: Nanos } //    ours is sent, the peer's SETTINGS are awaited
  | { readonly kind: "ready"; readonly since: Nanos }
  | { readonly kind: "draining"; readonly until: Nanos } //   GOAWAY received; its end is awaited
  | { readonly kind: "closing" } //                           we began to close
  | { readonly kind: "ended" } //                             the peer's end was seen, or the attempt failed
  | { readonly kind: "closed" };
