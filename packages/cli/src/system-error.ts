/** A file system error in words; Node's text would repeat the path and the syscall. */
export function fileProblem(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
    case "EPERM":
      return "not permitted to read or write it";
    case "EISDIR":
      return "that is a folder";
    case "ENOTDIR":
      return "a part of the path is not a folder";
    case "EROFS":
      return "the file system is read-only";
    case "ELOOP":
      return "its symbolic links go in a circle";
    case "EAGAIN":
      return "nothing comes out of it; it is a pipe or a terminal: see that something writes to it";
    case "ENAMETOOLONG":
      return "its name is too long";
    case "ENOSPC":
      return "no space left";
    default:
      return errorCode(error) ?? (error instanceof Error ? error.message : String(error));
  }
}

/** `ENOENT` and the like, or `null`. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
