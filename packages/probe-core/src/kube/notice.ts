/**
 * Something about credentials that is worth telling and does not stop a run. Its text is one line and holds no secret.
 * `rotated`: another certificate, CA or token is used from now on. `unreadable`: a new one cannot be used, so the last good one
 * serves on. `expired`: what is used has expired by this machine's clock; the server decides what comes of it.
 * `ignored`: a setting has no effect here.
 */
export interface CredentialNotice {
  readonly kind: "rotated" | "unreadable" | "expired" | "ignored";
  readonly text: string;
}

/** Hears what a user should know, once. */
export type Notify = (notice: CredentialNotice) => void;
