import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DialledPlace } from "../s2s/dialer.ts";

/** Whether the other end of a connection may speak for a domain, going by its certificate. */
export interface TrustQuestion {
  /** The certificates that it showed, its own first, as DER; empty when it showed none. */
  readonly chain: readonly Uint8Array[];
  /** The domain that it claims, or that we wanted to reach. */
  readonly remote: DomainJid;
  /** Our host that the stream is for. */
  readonly local: DomainJid;
  /** Where we connected to; undefined when the peer connected to us. */
  readonly place: DialledPlace | undefined;
}

export type TrustVerdict =
  | {
      readonly trusted: true;
      readonly by: "pkix" | "dane" | "posh";
      /** When that ends, in milliseconds since the epoch. */
      readonly until: number;
    }
  | {
      readonly trusted: false;
      /** In words for the log and the administrator. */
      readonly reason: string;
      /**
       * Whether the domain itself says, signed, that this is not its server: then nothing is to be said to it, dialback
       * included. RFC 7673 §4.2
       */
      readonly forbidden?: true;
    };

/** Judges peers' certificates (RFC 6120 §13.7, RFC 7712). */
export interface PeerTrust {
  /** Never rejects: what could not be found out is no trust. */
  readonly check: (question: TrustQuestion) => Promise<TrustVerdict>;
}
