import { statSync } from "node:fs";
import type { Place } from "../kubeconfig/fault.js";
import { readText, systemCode } from "../kubeconfig/read-file.js";
import type { Material } from "../settings.js";

/** Something that may change while we run. */
export interface ChangingText {
  /** Cheap, and another one whenever {@link read} may give another text. Asked at each new connection. */
  version(): string;
  /** Throws one line, without a secret. */
  read(): string;
  /** Where a fault in the text is to be told, and the name of the file, if the text has one of its own. */
  readonly place: Place;
  readonly about: string;
}

export function changingText(material: Material): ChangingText {
  if (material.kind === "inline") {
    const { text, place } = material;
    return { version: () => "inline", read: () => text, place, about: "" };
  }
  const { file, place } = material;
  // At the start a pipe is waited for; in the middle of a run that would hold everything else.
  let first = true;
  return {
    version: () => fileVersion(file),
    read: () => {
      const options = first ? {} : { patienceMs: 0 };
      first = false;
      return readText(file, place, options);
    },
    place,
    about: place.file === file ? "" : `${file}: `,
  };
}

/** Of the file a symbolic link leads to: kubelet swaps the link, secrets in pods swap a folder. About 3 µs. */
function fileVersion(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return systemCode(error) ?? "unknown";
  }
}
