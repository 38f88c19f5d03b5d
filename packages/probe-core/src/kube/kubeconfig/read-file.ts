import { LIMITS } from "../../limits.js";
import { type BoundedFileOptions, readBoundedFile } from "./bounded-file.js";
import { fault, type Place } from "./fault.js";

/** What is wrong with a file that cannot be read, and what to do. */
const SYSTEM_PROBLEMS: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  ENOENT: ["there is no such file", "check the path"],
  ENOTDIR: ["a part of its path is not a folder", "check the path"],
  EACCES: ["this user may not read it", "run as a user who may, or change its permissions"],
  EPERM: ["this user may not read it", "run as a user who may, or change its permissions"],
  EISDIR: ["it is a folder", "name the file in it"],
  ELOOP: ["its symbolic links go in a circle", "mend the links"],
  EAGAIN: ["nothing comes out of it", "it is a pipe or a terminal: see that something writes to it"],
};

/** The code of a system error (`ENOENT`), or `null` for any other. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Reads a small text file. `named` is where the file is named, which is where the user has to look. */
export function readText(file: string, named: Place, options: Pick<BoundedFileOptions, "patienceMs"> = {}): string {
  const about = named.file === file ? "" : `${file}: `;
  let bytes: Buffer;
  try {
    bytes = readBoundedFile(file, options);
  } catch (error) {
    const code = systemCode(error);
    const [what, mend] = SYSTEM_PROBLEMS[code ?? ""] ?? [`it cannot be read (${code ?? "unknown error"})`, "check it"];
    throw fault(named, about + what, mend);
  }
  if (bytes.length > LIMITS.credentialFileBytes) {
    throw fault(
      named,
      `${about}it is larger than ${LIMITS.credentialFileBytes} bytes`,
      "check that it is the right file",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fault(named, `${about}it is not UTF-8 text`, "check that it is the right file, or convert it to UTF-8");
  }
}
