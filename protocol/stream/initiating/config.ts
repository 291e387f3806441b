import type { BareJid, DomainJid, FullJid } from "#protocol/jid/jid.ts";
import type { SaslClientExchange } from "#protocol/sasl/client-exchange.ts";
import type { SecureChannel } from "../secure-channel.ts";

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

export interface SaslAnnouncement {
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
