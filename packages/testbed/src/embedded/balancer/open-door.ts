import type { Door, DoorOptions } from "./door.js";
import { PlainDoor } from "./plain-door.js";
import { SilentDoor } from "./silent-door.js";

/** Opens a door of the kind that is wanted; resolves when it takes connections. */
export function openDoor(options: DoorOptions): Promise<Door> {
  return options.silence ? SilentDoor.open(options) : PlainDoor.open(options);
}
