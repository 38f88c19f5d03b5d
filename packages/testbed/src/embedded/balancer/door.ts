import type { Socket } from "node:net";
import type { PlaneDir } from "../../kube/plane-dir.js";

/** How an address meets new connections: takes them, refuses them by RST, or says nothing. */
export type DoorState = "open" | "refusing" | "silent";

/** An address whose manners can be changed. Connections that are through it are not touched. */
export interface Door {
  readonly state: DoorState;
  set(state: DoorState): void;
  close(): Promise<void>;
}

/** Options of `openDoor`. */
export interface DoorOptions {
  readonly dir: PlaneDir;
  readonly host: string;
  readonly port: number;
  /** Must it be able to say nothing? That takes a process. */
  readonly silence: boolean;
  readonly onClient: (client: Socket) => void;
}
