/**
 * Holds a listening socket and accepts nothing from it, in a process of its own: while nobody else has that socket its queue fills up, and the
 * kernel drops whatever comes then without a word. That is how packets vanish without root. A process cannot do it to itself, since Node
 * accepts on whatever it listens on.
 *
 * Messages: `hold` comes with the socket; `return` sends it back; `drop` closes it. Each is answered by its own name.
 */
interface Closable {
  close(): void;
}
let held: Closable | null = null;
process.on("disconnect", () => process.exit());

process.on("message", (message: "hold" | "return" | "drop", handle: unknown) => {
  if (message === "hold") {
    held = handle as Closable;
    process.send?.("hold");
  } else if (message === "return" && held !== null) {
    process.send?.("return", held as never);
  } else {
    held?.close();
    held = null;
    process.send?.(message);
  }
});
process.send?.("ready");
