import type { ChannelBindings } from "#protocol/sasl/channel-binding.ts";
import type { CertificateIdentity } from "#protocol/sasl/server-context.ts";

/** What the transport knows about the protection of a stream: TLS, direct or after STARTTLS, or something as good. */
export interface SecureChannel {
  /** What authentication can be bound to: see channelBindings() of protocol/sasl. Nothing behind a TLS proxy. */
  readonly bindings: ChannelBindings;
  /** Whom the peer's certificate proves, checked and matched by the transport. RFC 6120 §13.7.2 */
  readonly certificate?: readonly CertificateIdentity[];
  /** When that certificate, or one that it depends on, expires, in milliseconds since the epoch. RFC 6120 §13.7.2.3 */
  readonly certifiedUntil?: number;
  /**
   * The certificates that a peer which is a server showed, its own first, each signed by the next where it is there; as
   * DER, and not checked. Empty when it showed none, absent where no server is expected.
   */
  readonly peerChain?: readonly Uint8Array[];
}

/** Protection without anything to bind to: a local socket, a TLS proxy in front. */
export const unboundChannel: SecureChannel = { bindings: { announced: [], tolerated: [] } };
