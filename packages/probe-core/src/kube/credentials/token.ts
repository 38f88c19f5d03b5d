import { DrainprobeError } from "../../errors.js";
import { fault, type Place } from "../kubeconfig/fault.js";
import type { Notify } from "../notice.js";
import type { TokenSettings } from "../settings.js";
import { type ChangingText, changingText } from "./source.js";

/** What may stand in an Authorization header. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Reads a token file again when it has changed; what cannot be used is told once, and the last good token serves on. */
export class Token {
  readonly #file: ChangingText | null;
  readonly #notify: Notify;
  #version: string | null = null;
  #token: string;
  #lastProblem: string | null = null;

  /** Throws `CREDENTIALS_UNREADABLE` where there is neither a file that can be read nor an inline token. */
  constructor(settings: TokenSettings, notify: Notify) {
    const { inline, file } = settings;
    this.#file = file === null ? null : changingText(file);
    this.#notify = notify;
    this.#token = inline === null ? "" : tokenIn(changingText(inline));
    if (this.#file === null) return;
    if (inline === null) {
      this.#version = this.#file.version();
      this.#token = tokenIn(this.#file);
    } else {
      this.current();
    }
  }

  /** For a connection opened now. Never throws. */
  current(): string {
    const file = this.#file;
    if (file === null) return this.#token;
    const version = file.version();
    if (version === this.#version) return this.#token;
    try {
      const token = tokenIn(file);
      const rotated = this.#version !== null && token !== this.#token;
      this.#version = version;
      this.#token = token;
      this.#lastProblem = null;
      if (rotated) this.#notify({ kind: "rotated", text: `${file.about}the token changed` });
    } catch (error) {
      this.#tellProblem(error);
    }
    return this.#token;
  }

  #tellProblem(error: unknown): void {
    if (!(error instanceof DrainprobeError)) throw error;
    if (error.message === this.#lastProblem) return;
    this.#lastProblem = error.message;
    this.#notify({ kind: "unreadable", text: `${error.message} (the last good one serves on)` });
  }
}

function tokenIn(source: ChangingText): string {
  return checkedToken(source.read(), source.place, source.about);
}

/** A token without the line break behind it. Throws one line, without a byte of it. */
export function checkedToken(text: string, place: Place, about: string): string {
  const token = text.trim();
  if (token === "") throw fault(place, `${about}it holds no token`, "put the token there");
  if (!TOKEN.test(token)) {
    throw fault(place, `${about}the token holds blanks or other characters that no header takes`, "copy it again");
  }
  return token;
}
