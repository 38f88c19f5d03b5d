import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { FromKeeper } from "./protocol.js";
import { nextTold } from "./told.js";

const MOMENT: FromKeeper = { type: "moment", moment: { master: "master-2", what: "ready", wallMs: 1 } };

function keeper() {
  const emitter = new EventEmitter();
  const stop = new AbortController();
  return { emitter, stop, emit: (message: FromKeeper) => emitter.emit("message", message) };
}

describe("what a keeper tells", () => {
  it("is heard when it comes in one read with what nobody waits for", async () => {
    const { emitter, stop, emit } = keeper();
    const told = nextTold(emitter, "rolled-out", stop.signal);
    emit(MOMENT);
    emit({ type: "rolled-out" });
    expect(await told).toEqual({ type: "rolled-out" });
    expect(emitter.listenerCount("message")).toBe(0);
  });

  it("is heard when it is a failure", async () => {
    const { emitter, stop, emit } = keeper();
    const told = nextTold(emitter, "started", stop.signal);
    emit(MOMENT);
    emit({ type: "failed", reason: "no haproxy in PATH" });
    await expect(told).rejects.toThrow("no haproxy in PATH");
    expect(emitter.listenerCount("message")).toBe(0);
  });

  it("is not listened to once nobody waits", () => {
    const { emitter, stop } = keeper();
    void nextTold(emitter, "started", stop.signal);
    expect(emitter.listenerCount("message")).toBe(1);
    stop.abort();
    expect(emitter.listenerCount("message")).toBe(0);
  });
});
