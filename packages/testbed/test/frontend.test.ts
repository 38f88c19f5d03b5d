import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openFrontend } from "../src/embedded/balancer/frontend.js";
import { makePlaneDir } from "../src/kube/plane-dir.js";
import { freePort } from "../src/kube/ports.js";

function reach(port: number): Promise<"open" | "refused"> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve("open");
    });
    socket.once("error", () => resolve("refused"));
  });
}

it("a frontend that was closed stays closed, whatever its servers tell afterwards", async () => {
  const dir = makePlaneDir(mkdtempSync(join(tmpdir(), "drainprobe-frontend-")));
  const port = await freePort(["127.0.0.1"]);
  let listening = true;
  const frontend = await openFrontend({
    dir,
    at: { host: "127.0.0.1", port },
    choices: () => [0],
    vanishing: false,
    listening: () => listening,
    sliceMs: 5,
    onClient: (client) => void client.destroy(),
  });
  expect(await reach(port)).toBe("open");
  await frontend.close();
  for (const now of [false, true]) {
    listening = now;
    frontend.update();
  }
  expect(await reach(port)).toBe("refused");
  await dir.remove();
});
