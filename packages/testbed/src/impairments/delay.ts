import type { Direction, Impairment } from "../balancer/impairment.js";

/** Options of {@link delay}. */
export interface DelayOptions {
  readonly ms: number;
  /** Default: both. */
  readonly direction?: Direction;
}

/** Everything comes so many ms later, in order. What is held when it is removed passes at once. */
export function delay(options: DelayOptions): Impairment {
  return {
    name: "delay",
    enter(_flow, direction) {
      if (options.direction !== undefined && options.direction !== direction) return null;
      const held: { readonly release: () => void; readonly timer: NodeJS.Timeout }[] = [];
      const hold = (release: () => void) => {
        const timer = setTimeout(() => {
          held.shift();
          release();
        }, options.ms);
        held.push({ release, timer });
      };
      return {
        bytes: (chunk, next) => hold(() => next(chunk)),
        end: (next) => hold(next),
        removed() {
          for (const { release, timer } of held.splice(0)) {
            clearTimeout(timer);
            release();
          }
        },
      };
    },
  };
}
