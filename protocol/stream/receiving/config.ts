import type { BareJid, DomainJid } from "#protocol/jid/jid.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { SecureChannel } from "../secure-channel.ts";

/** What a receiving stream needs to know from its server. Nothing in it may wait. */
export interface ReceivingConfig {
  /** jabber:client or jabber:server. */
  readonly contentNamespace: string;
  /** Who we are to a peer that named no domain of ours. */
  readonly defaultDomain: DomainJid;
  /** Whether a header without `to` means the default domain. [rfc6120-4.7.2-06] */
  readonly acceptsMissingTo: boolean;
  readonly host: (domain: DomainJid) => HostAnswer;
  /** Unpredictable and never the same twice. [rfc6120-4.7.3-02] */
  readonly newStreamId: () => string;
  readonly limits?: Partial<NegotiationLimits>;
}

export type HostAnswer =
  | { readonly type: "served"; readonly host: StreamHost }
  | { readonly type: "gone" }
  | { readonly type: "unknown" };

/** One virtual host, as far as negotiation goes. */
export interface StreamHost {
  readonly domain: DomainJid;
  /** Our languages, the first is the default. */
  readonly languages: readonly [string, ...string[]];
  /** On a stream that is still clear. */
  readonly startTls: "required" | "optional" | "none";
  readonly sasl: SaslService;
  /** Log-in in one step, over TLS only; absent: by the profile of RFC 6120 alone. */
  readonly sasl2?: Sasl2Service;
  /** Streams go elsewhere: `host` or `host:port`. Told only once the stream is protected. [rfc6120-4.9.3.19-06] */
  readonly otherHost?: string;
  /** More features to announce: registration, caps, roster versioning … They are for information, not negotiated here. */
  readonly features: (
    stage: "unauthenticated" | "authenticated",
    channel: SecureChannel | undefined,
  ) => readonly XmlElement[];
  readonly streamManagement: boolean;
  /**
   * Whether clients may log in by XEP-0078, over TLS and where PLAIN is allowed; and so whether peers of before RFC 3920
   * may stay, which get no features.
   */
  readonly acceptsLegacyPeers: boolean;
  /** Whether this iq may be asked before authentication (registration, XEP-0077). */
  readonly acceptsEarly: (iq: XmlElement) => boolean;
  /** Whether this first-level element, no stanza, means something to a session (client state indication and the like). */
  readonly acceptsNonza: (element: XmlElement) => boolean;
}

/** What can be done in one with authentication. XEP-0388 */
export interface Sasl2Service {
  /** Names of the features that can be switched on while a resource is bound (XEP-0386); absent: it must be bound after. */
  readonly bind2?: readonly string[];
  /** Whether clients may log in by tokens and get some. XEP-0484 */
  readonly tokens: boolean;
  /** Whether who has proven a password by SCRAM may add keys for other hashes. XEP-0480 */
  readonly upgrades: boolean;
}

/** What a host's authentication needs; the mechanisms are those of protocol/sasl. */
export interface SaslService {
  readonly policy: SaslServerPolicy;
  /** As in SaslServerContext: of the whole server, 16 bytes or more. */
  readonly secret: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
  /** Whether a user may open a session as somebody else, beyond being themselves. Absent: nobody may (A24). */
  readonly mayActAs?: (user: BareJid, other: BareJid) => boolean;
}

/** Bounds of what a peer may try before it is sent away. */
export interface NegotiationLimits {
  /** Failed authentications, by SASL and by XEP-0078 each, after which the stream is closed: RFC 6120 §6.4.5 wants 2 to 5 retries. */
  readonly saslFailuresMax: number;
  /** Refused resources, after which the stream is closed: RFC 6120 §7.7.3 wants 5 to 10 retries. */
  readonly bindFailuresMax: number;
  /** Requests answered before authentication. */
  readonly earlyRequestsMax: number;
}

export const defaultNegotiationLimits: NegotiationLimits = {
  saslFailuresMax: 4,
  bindFailuresMax: 6,
  earlyRequestsMax: 8,
};

/** Who authenticated. */
export interface StreamUser {
  readonly jid: BareJid;
  readonly anonymous: boolean;
}
