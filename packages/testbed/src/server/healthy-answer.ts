import type { ServerConnection, ServerRequest } from "./server-connection.js";

/**
 * What the raw server answers when no fault is at work:
 * `/watch…` a line of JSON, then open for ever · `/slow/MS` after so many ms · `/bytes/N` that much content ·
 * `/status/N` that status · anything else a small 200.
 */
export function healthyAnswer(connection: ServerConnection, request: ServerRequest): void {
  const [, word = "", argument = ""] = request.path.split(/[/?]/);
  const number = Number.parseInt(argument, 10);
  const { stream } = request;
  if (word === "watch") {
    void connection.headers(stream, 200, [["content-type", "application/json"]]);
    void connection.data(stream, Buffer.from('{"type":"ADDED"}\n'));
  } else if (word === "slow" && number >= 0) {
    const timer = setTimeout(() => {
      if (connection.open.has(stream)) void connection.answer(stream);
    }, number);
    void connection.when(() => connection.closed).then(() => clearTimeout(timer));
  } else if (word === "bytes" && number >= 0) {
    void connection.answer(stream, 200, "x".repeat(number));
  } else if (word === "status" && number >= 200) {
    void connection.answer(stream, number);
  } else {
    void connection.answer(stream);
  }
}
