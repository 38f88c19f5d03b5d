import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { expect, it } from "vitest";
import { certificates, faults, impairments, startBalancer, startRawServer } from "../src/index.js";

const folder = (name: string): string[] =>
  readdirSync(new URL(`../src/${name}`, import.meta.url))
    .map((file) => file.replace(/\.ts$/, ""))
    .filter((file) => !["index", "fault", "linger", "on-client-hello", "on-ping", "after-bytes"].includes(file));

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

it("every fault and every impairment is exported under the name of its file, and the page names the impairments", () => {
  expect(Object.keys(faults).sort()).toEqual(folder("faults").map(camel).sort());
  expect(Object.keys(impairments).sort()).toEqual(folder("impairments").map(camel).sort());
  const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const name of Object.keys(impairments)) expect(page).toContain(`\`${name}\``);
});

it("the page's examples do what it says", async () => {
  const { ca, good } = await certificates();
  await using server = await startRawServer({ identity: good, fault: faults.goawayThenRstMidBody({ streams: 3 }) });
  await using balancer = await startBalancer({ upstreams: [server] });
  const heal = await balancer.add(impairments.blackHole(), (flow) => flow.index === 1);
  const first = connect(`https://127.0.0.1:${balancer.port}`, { ca });
  first.on("error", () => {});
  const closed = new Promise((resolve) => first.once("close", resolve));
  for (let i = 0; i < 3; i++) first.request({ ":path": "/" }).on("error", () => {});
  await server.when((s) => s.firedOn.length > 0);
  await closed;
  const second = connect(`https://127.0.0.1:${balancer.port}`, { ca });
  second.on("error", () => {});
  const connected = new Promise((resolve) => second.once("connect", resolve));
  await balancer.when(({ flows }) => flows.length === 2);
  // What the client said into the hole is lost for good, so only a new connection shows that it is healed.
  second.destroy();
  await heal();
  const third = connect(`https://127.0.0.1:${balancer.port}`, { ca });
  const status = await new Promise((resolve) => {
    third.request({ ":path": "/" }).once("response", (headers) => resolve(headers[":status"]));
  });
  expect(status).toBe(200);
  third.destroy();
  expect(await Promise.race([connected, Promise.resolve("never connected")])).toBe("never connected");
});
