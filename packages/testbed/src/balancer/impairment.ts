import type { Socket } from "node:net";
import type { Flow } from "./flow.js";

/** `up`: from the client to the backend; `down`: back. */
export type Direction = "up" | "down";

/** One impairment's place in one direction of one flow. */
export interface Stage {
  /** Bytes on their way. `next` hands bytes on, now, later or never, in order. */
  bytes(chunk: Buffer, next: (bytes: Buffer) => void): void;
  /** The sender's FIN on its way. Without this it passes. */
  end?(next: () => void): void;
  /** The impairment is removed: the last moment to hand on what was held back. */
  removed?(next: (bytes: Buffer) => void): void;
}

/** One way for a balancer to harm what passes through it. Added and removed while traffic flows. */
export interface Impairment {
  /** kebab-case. */
  readonly name: string;
  /** While it is there the balancer does not listen: the kernel refuses. */
  readonly refuses?: boolean;
  /** A new client, before a backend is dialled. `true`: dealt with, no flow comes of it. */
  accepted?(client: Socket): boolean;
  /** Enters one direction of a flow, old or new; `null`: it lets this direction be. May act on the flow at once. */
  enter?(flow: Flow, direction: Direction): Stage | null;
}
