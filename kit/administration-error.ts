/**
 * Why an operation of an administrator was refused. The words travel over the control socket and decide the exit code.
 *
 * - `not-found`, `exists`: the account, host or invitation is not there, or is there already
 * - `invalid`: the request cannot be right, whatever the server's state
 * - `not-allowed`: policy or file permissions forbid it
 * - `not-running`: only a running server can answer this
 * - `unavailable`: the store, the disc or a queue refuses now; later it may work
 * - `config`: balcony.toml or a certificate is wrong
 * - `internal`: a bug
 */
export const administrationErrorCodes = [
  "not-found",
  "exists",
  "invalid",
  "not-allowed",
  "not-running",
  "unavailable",
  "config",
  "internal",
] as const;

export type AdministrationErrorCode = (typeof administrationErrorCodes)[number];

/** A refused operation; the message is a sentence for the administrator. */
export class AdministrationError extends Error {
  override readonly name = "AdministrationError";
  readonly code: AdministrationErrorCode;

  constructor(code: AdministrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
