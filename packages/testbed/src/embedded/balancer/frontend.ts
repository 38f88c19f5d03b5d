import type { Socket } from "node:net";
import type { PlaneDir } from "../../kube/plane-dir.js";
import type { ListenAddress } from "../embedded-servers.js";
import type { Door } from "./door.js";
import { openDoor } from "./open-door.js";

/** Where a new connection may go: to a server (by its index), or nowhere, with nobody told. */
export type Choice = number | "vanish";

/** Options of {@link openFrontend}. */
export interface FrontendOptions {
  readonly dir: PlaneDir;
  readonly at: ListenAddress;
  /** What new connections are spread over at this moment; none: they are refused. */
  readonly choices: () => readonly Choice[];
  /** May a choice ever be `vanish`? */
  readonly vanishing: boolean;
  /** Does a server have a listener? A connection to one without is refused by its kernel. */
  readonly listening: (server: number) => boolean;
  /** How long one choice holds while they differ in manners. */
  readonly sliceMs: number;
  readonly onClient: (client: Socket, server: number) => void;
}

/** The VIP as one master reaches it. */
export interface Frontend {
  /** Something that `choices` or `listening` tell may have changed. */
  update(): void;
  close(): Promise<void>;
}

/**
 * A balancer without a proxy lets each client meet the manners of the server it chose: a SYN to a dead one comes back as RST, a SYN that is
 * sent astray as nothing. A proxy accepts before it knows. So, while the choices differ in that, one choice holds for a slice of time, and the
 * address itself is open, refuses or is silent; a client that comes at any moment meets each as often as with a choice of its own.
 */
export async function openFrontend(options: FrontendOptions): Promise<Frontend> {
  let turn = 0;
  let closed = false;
  let slice: NodeJS.Timeout | null = null;
  let fixed: Choice | null = null;
  const next = (choices: readonly Choice[]): Choice | undefined => choices[turn++ % Math.max(1, choices.length)];
  const door: Door = await openDoor({
    dir: options.dir,
    ...options.at,
    silence: options.vanishing,
    onClient(client) {
      const choice = fixed ?? next(options.choices());
      if (typeof choice === "number") options.onClient(client, choice);
      else client.destroy();
    },
  });
  const alike = (choices: readonly Choice[]): boolean =>
    choices.length > 0 && choices.every((choice) => choice !== "vanish" && options.listening(choice));
  const setDoor = (choice: Choice | undefined): void => {
    if (choice === undefined) door.set("refusing");
    else if (choice === "vanish") door.set("silent");
    else door.set(options.listening(choice) ? "open" : "refusing");
  };
  const take = (): void => {
    const choices = options.choices();
    if (slice !== null) clearTimeout(slice);
    slice = null;
    if (alike(choices)) {
      fixed = null;
      door.set("open");
      return;
    }
    const choice = next(choices);
    fixed = choice ?? null;
    setDoor(choice);
    slice = setTimeout(take, options.sliceMs);
  };
  take();
  return {
    update() {
      // Servers that end after it go on telling.
      if (closed) return;
      const choices = options.choices();
      // A choice that still is one keeps its slice, in whatever manner it now has.
      if (fixed !== null && choices.includes(fixed) && !alike(choices)) setDoor(fixed);
      else take();
    },
    async close() {
      closed = true;
      if (slice !== null) clearTimeout(slice);
      await door.close();
    },
  };
}
