import type { BareJid, DomainJid, FullJid } from "#protocol/jid/jid.ts";
import type { SaslClientExchange } from "#protocol/sasl/client-exchange.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { TokenUse } from "../sasl2-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { UserAgent } from "../user-agent.ts";

/** What an initiating stream wants. Nothing in it may wait. */
export interface InitiatingConfig {
  readonly contentNamespace: string;
  /** The domain that we want to reach, whatever host we are connected to. [rfc6120-4.7.2-01] */
  readonly to: DomainJid;
  /** Who we are, told only over a protected stream. [rfc6120-4.7.1-01] */
  readonly from?: BareJid;
  /** The language of what we will send. [rfc6120-4.7.4-02] */
  readonly language?: string;
  /** On a stream that is still clear: insist on TLS, take it when it is there, or do without. */
  readonly startTls: "required" | "optional" | "none";
  readonly sasl: ClientSasl;
  /** Log-in in one step where the server offers it, over TLS only; absent: by the profile of RFC 6120. XEP-0388 */
  readonly sasl2?: ClientSasl2;
  /** The resource to ask for; absent lets the server choose, which it does better. */
  readonly resource?: string;
  /** Absent: no stream management. */
  readonly sm?: ClientSm;
}

/** How the client chooses: see chooseMechanism of protocol/sasl. */
export interface ClientSasl {
  /**
   * The next mechanism to try of those the server offers, `undefined` when none is left that we would use.
   * A mechanism not offered must not be chosen, and a list that lost what it had before is an attack (A31).
   */
  readonly choose: (offer: SaslAnnouncement) => ClientAttempt | undefined;
}

/** What goes with authentication in one request, as far as the server offers it. */
export interface ClientSasl2 {
  readonly userAgent?: UserAgent;
  /** Bind a resource in one with it; absent: afterwards. Stream management comes with it where `sm` asks for it. XEP-0386 */
  readonly bind2?: {
    /** What the resource is to begin with. */
    readonly tag?: string;
    /** To be switched on, each by the name under which servers announce it. */
    readonly features?: readonly { readonly announced: string; readonly element: XmlElement }[];
  };
  /** For which of the mechanisms that are offered for tokens one is wanted; absent or undefined: none. XEP-0484 */
  readonly tokenFor?: (offered: readonly string[]) => string | undefined;
  /** Whether to make the keys that the server lacks, of this password, after it was proven by SCRAM. XEP-0480 */
  readonly upgradeWith?: string;
}

export interface SaslAnnouncement {
  readonly profile: "sasl" | "sasl2";
  /** For who has a token. XEP-0484 */
  readonly tokenMechanisms: readonly string[];
  readonly mechanisms: readonly string[];
  /** XEP-0440: `undefined` when the server does not say. */
  readonly bindingTypes: readonly string[] | undefined;
  readonly channel: SecureChannel | undefined;
  /** What was tried on this stream and refused, in order. */
  readonly refused: readonly RefusedAttempt[];
}

export interface ClientAttempt {
  readonly mechanism: string;
  readonly exchange: SaslClientExchange;
  /** What it proves is a token. XEP-0484 §3.4 */
  readonly token?: TokenUse;
}

export interface ClientSm {
  /** Ask for a stream that can be resumed. */
  readonly resumable: boolean;
  readonly secondsMax?: number;
  /** A former stream to take up, and how many stanzas of the server it had handled. */
  readonly previous?: { readonly id: string; readonly jid: FullJid; readonly h: number };
}

/** Attempts to authenticate on one stream. */
export const clientSaslAttemptsMax = 4;

export interface RefusedAttempt {
  readonly mechanism: string;
  /** As the server named it, known to us or not. */
  readonly condition: string;
  readonly text: string | undefined;
}
