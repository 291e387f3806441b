/** What the authority wants to see for one name. */
export interface Challenge {
  /** In ASCII, without `*.`. */
  readonly name: string;
  readonly token: string;
  /** RFC 8555 §8.1; for dns-01 the digest that goes into the record (§8.4). */
  readonly keyAuthorization: string;
}

/** Shows the authority that a name is ours, for as long as it looks. */
export interface Solver {
  readonly type: "http-01" | "tls-alpn-01" | "dns-01";
  /**
   * Resolves when the authority may look; what it gives is disposed when it has looked.
   *
   * @throws AcmeError, with what to do about it
   */
  readonly present: (challenge: Challenge, signal: AbortSignal) => Promise<AsyncDisposable>;
  /** What should be looked at when the authority has not found what it looked for. */
  readonly advice: (name: string) => string;
}

/** No certificate could be had; the message tells the administrator why, and what to do. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";
  /** Until then the authority wants to hear nothing more, in milliseconds since the epoch. */
  readonly notBefore: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly notBefore?: number | undefined }) {
    super(message, options);
    this.notBefore = options?.notBefore;
  }
}
