import { printableText } from "../../events/index.js";
import { field } from "./json.js";
import type { ApiAnswer } from "./kube-api.js";

const MESSAGE_CHARS = 200;

/** What an answer says, in a few words for people: `403 Forbidden: namespaces is forbidden: …`, or `ECONNREFUSED`. */
export function statusText(answer: ApiAnswer): string {
  if (!answer.ok) return answer.code;
  const message = field(answer.body, "message");
  return typeof message === "string"
    ? `${answer.status}: ${printableText(message, MESSAGE_CHARS)}`
    : `${answer.status}`;
}
