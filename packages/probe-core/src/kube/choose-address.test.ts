import { describe, expect, it } from "vitest";
import { chooseAddress } from "./choose-address.js";
import type { SourceSettings } from "./settings.js";

function source(name: string, serverName: string | null): SourceSettings {
  return {
    address: { server: new URL(`https://${name}:6443`), serverName, from: name },
    trust: { verify: name === "own", ca: null },
    user: { clientCertificate: null, token: null, exec: null, from: name },
    namespace: name,
  };
}

describe("chooseAddress", () => {
  const own = source("own", "name-of-own");
  const kubelet = source("kubelet", null);

  it("takes the address of the kubelet's file, with the name that belongs to it, and nothing else", () => {
    expect(chooseAddress(own, kubelet)).toEqual({ ...own, address: kubelet.address });
  });
  it("takes everything from the only source", () => {
    expect(chooseAddress(own, null)).toBe(own);
    expect(chooseAddress(null, kubelet)).toBe(kubelet);
    expect(chooseAddress(null, null)).toBe(null);
  });
});
