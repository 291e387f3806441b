/** What the transport knows about the protection of a stream: a TLS connection, direct or after STARTTLS. */
export interface SecureChannel {
  /** What can be bound to it, strongest first: names as in XEP-0440 with their data. Empty for a proxied connection. */
  readonly bindings: readonly { readonly type: string; readonly data: Uint8Array }[];
  /** Addresses that the peer's validated certificate proves, for EXTERNAL; empty without one. RFC 6120 §13.7.2 */
  readonly peerIdentities: readonly string[];
}
