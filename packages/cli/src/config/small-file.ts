import { LIMITS } from "@drainprobe/core";
import { readBoundedFile } from "@drainprobe/core/kube";
import { fileProblem } from "../system-error.js";
import { UsageError } from "../usage-error.js";

/** The text of a file that a flag names, bounded in size and time. Throws {@link UsageError}. */
export function readSmallFile(file: string, flag: string): string {
  let bytes: Buffer;
  try {
    bytes = readBoundedFile(file);
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${fileProblem(error)}`);
  }
  if (bytes.length > LIMITS.credentialFileBytes) {
    throw new UsageError(
      `${flag} ${file}: larger than ${LIMITS.credentialFileBytes} bytes; check that it is the right file`,
    );
  }
  return bytes.toString("utf8");
}
