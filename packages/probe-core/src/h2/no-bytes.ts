/** Shared: an empty view of its own costs a connection a quarter of a kilobyte. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);
