import type { SecureChannel } from "#protocol/stream/secure-channel.ts";

/** A connection that carries bytes both ways: a TCP socket, with or without TLS, or its twin in a simulation. */
export interface Transport {
  /** Where the peer is, for limits and the log: an IP address. */
  readonly remoteAddress: string;
  /** Present when the bytes are protected already. */
  readonly channel: SecureChannel | undefined;
  /** Bytes that the operating system has not taken yet. */
  readonly bytesQueued: number;
  /** Sends a byte string (one character a byte). */
  readonly write: (bytes: string) => void;
  /** Like `write`, and tells when the operating system has taken all of it, or never will. */
  readonly writeThen: (bytes: string, taken: (taken: boolean) => void) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /**
   * Begins a TLS handshake as the server, once all that was written is sent; `secured` or `lost` follows.
   *
   * @param domain whose certificate to show to a client that names none in the handshake
   */
  readonly startTls: (domain: string | undefined) => void;
  /** Sends what is queued, then closes. */
  readonly end: () => void;
  /** Closes at once. */
  readonly destroy: () => void;
  /** Begins to read. */
  readonly open: (handler: TransportHandler) => void;
}

export interface TransportHandler {
  /** A byte string, cut anywhere. */
  readonly data: (bytes: string) => void;
  readonly secured: (channel: SecureChannel) => void;
  /** The connection is over, whoever ended it. Told once. */
  readonly lost: (cause: unknown) => void;
}
