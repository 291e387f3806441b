/** A server runs in this data directory already. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
}
