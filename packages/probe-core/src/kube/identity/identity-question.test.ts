import { expect, it } from "vitest";
import { kubeIdentity } from "./identity-question.js";

const question = kubeIdentity(new URL("https://api.example.com:6443/prefix/"));
const read = (content: string, header?: string) =>
  question.read({ fields: new Map(header === undefined ? [] : [["x-openshift-disruption", header]]), content });

it("asks GET /api with the header that OpenShift answers", () => {
  expect(question.template).toMatchObject({ method: "GET", path: "/prefix/api" });
  expect(question.template.headers).toContainEqual(["x-openshift-if-disruption", "true"]);
});

it.each<[string, string, string | undefined, object[]]>([
  [
    "an address and a host",
    '{"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"10.0.0.5:6443"}]}',
    "shutdown=false shutdown-delay-duration=70s elapsed=0s host=master-0",
    [
      { backend: "10.0.0.5:6443", by: "api" },
      { backend: "master-0", by: "disruption.header" },
    ],
  ],
  [
    "a header alone, as with a 429",
    "",
    "shutdown=true host=master-1",
    [{ backend: "master-1", by: "disruption.header" }],
  ],
  ["a header without a host", "", "shutdown=true host=", []],
  ["no JSON", "<html>", undefined, []],
  ["JSON of another shape", '{"serverAddressByClientCIDRs":{"0":1}}', undefined, []],
  ["an empty list", '{"serverAddressByClientCIDRs":[]}', undefined, []],
  ["an address that is no text", '{"serverAddressByClientCIDRs":[{"serverAddress":7}]}', undefined, []],
])("reads %s", (_, content, header, claims) => {
  expect(read(content, header)).toEqual(claims);
});
