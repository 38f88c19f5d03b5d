import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Wrapping } from "./probe.js";

let networks = 0;

/** Namespaces of our own, joined by a bridge in one of their own: what happens in them happens to nobody else on this machine. */
export class Network implements Disposable {
  readonly #prefix = `dph${process.pid}x${++networks}`;
  readonly #namespaces: string[] = [];

  constructor() {
    this.run("netns", "add", this.#name("hub"));
    this.#namespaces.push("hub");
    this.in("hub", "ip", "link", "add", "br0", "type", "bridge");
    this.in("hub", "ip", "link", "set", "br0", "up");
  }

  /** A host on the bridge: `eth0` with this address, and loopback. */
  host(name: string, address: string): Wrapping {
    this.run("netns", "add", this.#name(name));
    this.#namespaces.push(name);
    this.in(
      "hub",
      "ip",
      "link",
      "add",
      `to-${name}`,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      this.#name(name),
    );
    this.in("hub", "ip", "link", "set", `to-${name}`, "master", "br0", "up");
    this.in(name, "ip", "link", "set", "lo", "up");
    this.in(name, "ip", "address", "add", `${address}/24`, "dev", "eth0");
    this.in(name, "ip", "link", "set", "eth0", "up");
    return this.wrapping(name);
  }

  wrapping(name: string): Wrapping {
    return ["ip", "netns", "exec", this.#name(name)];
  }

  /** Runs a program in a namespace. */
  in(name: string, ...command: readonly string[]): string {
    return this.run("netns", "exec", this.#name(name), ...command);
  }

  /** What the host reads as /etc/resolv.conf. */
  nameServer(name: string, address: string): void {
    mkdirSync(`/etc/netns/${this.#name(name)}`, { recursive: true });
    writeFileSync(
      `/etc/netns/${this.#name(name)}/resolv.conf`,
      `nameserver ${address}\noptions timeout:1 attempts:1\n`,
    );
    writeFileSync(`/etc/netns/${this.#name(name)}/nsswitch.conf`, "hosts: files dns\n");
  }

  [Symbol.dispose](): void {
    for (const name of this.#namespaces.reverse()) {
      try {
        this.run("netns", "del", this.#name(name));
      } catch {
        // It is gone, or never was.
      }
      rmSync(`/etc/netns/${this.#name(name)}`, { recursive: true, force: true });
    }
  }

  run(...args: readonly string[]): string {
    return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}
