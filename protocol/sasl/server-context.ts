import type { SaslOffers } from "./announcement-hash.ts";
import type { ChannelBinding } from "./channel-binding.ts";
import type { SaslServerPolicy } from "./server-policy.ts";

/** All that a server's mechanism may know and ask. */
export interface SaslServerContext {
  readonly policy: SaslServerPolicy;
  /** What {@link serverMechanisms} answered for this very stream: anything else is refused (A23). */
  readonly offered: readonly string[];
  /** The announcement that the client saw, for it to check (XEP-0474). Absent: nothing is said about it. */
  readonly announced?: SaslOffers;
  /** The id of the client's installation, whose tokens are looked for. XEP-0388 §2.3 */
  readonly device?: string;
  /** Announced and tolerated ones. Empty without TLS. */
  readonly bindings: readonly ChannelBinding[];
  /** Whether TLS (or something as good, such as a local socket) protects the stream. */
  readonly encrypted: boolean;
  /** The domain that the stream is for. */
  readonly domain: string;
  /** Whom the peer's certificate, checked and matched by the caller, stands for. */
  readonly certificate?: readonly CertificateIdentity[];
  /** The `from` of the stream header: chooses among several identities of a certificate. */
  readonly from?: string;
  /**
   * Whether who has proven to be `authcid` may act as `authzid`, an address the client sent. Asked after the proof, so
   * that its answer tells a stranger nothing. Must be a pure look at the two names.
   */
  readonly mayActAs: (authcid: string, authzid: string) => boolean;
  /** Secret of this server, 16 bytes or more, that lives as long as its accounts: unknown users' salts come from it. */
  readonly secret: Uint8Array;
  /** Unpredictable bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/** One address that a certificate proves. XEP-0178. */
export interface CertificateIdentity {
  /** The JID in canonical form: a bare one for a client, a domain for a server. */
  readonly address: string;
  /** The account's simple user name; absent for a server, which has no account. */
  readonly username?: string;
}
