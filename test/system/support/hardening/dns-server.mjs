// A name server for one test: answers every A question as the file named first says at that moment, and no other.
//   node dns-server.mjs FILE     lines: `answer 10.0.0.1`, `code 2` (SERVFAIL), `code 3` (NXDOMAIN), `silence`, `delay 500`
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
const socket = createSocket("udp4");
socket.on("message", (question, from) => {
  const words = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" "));
  if (words.some(([word]) => word === "silence")) return;
  let end = 12;
  while (question[end] !== 0) end += question[end] + 1;
  const type = question.readUInt16BE(end + 1);
  end += 5;
  const addresses = type === 1 ? words.filter(([word]) => word === "answer").map(([, address]) => address) : [];
  const code = Number(words.find(([word]) => word === "code")?.[1] ?? 0);
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split(".").map(Number)]),
  );
  const answer = Buffer.concat([head, question.subarray(12, end), ...records]);
  const delay = Number(words.find(([word]) => word === "delay")?.[1] ?? 0);
  setTimeout(() => socket.send(answer, from.port, from.address), delay);
});
socket.bind(53, "127.0.0.1", () => console.log("ready"));
