import type { DomainJid } from "#protocol/jid/jid.ts";
import type { TlsaRecord } from "../dns/dns-answer.ts";
import type { Transport } from "../link/transport.ts";

/** Whom to reach, and for whom. */
export interface DialRequest {
  /** The host of ours that has something to say; its certificate is shown. */
  readonly local: DomainJid;
  readonly remote: DomainJid;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Where a connection leads, as far as trust depends on it. */
export interface DialledPlace {
  /** Target of the SRV record; the domain itself where it has none. */
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly directTls: boolean;
  /** Whether every answer that led here was validated (DNSSEC, by a resolver that we may believe). */
  readonly validated: boolean;
  /** What the domain says of its certificate, validated; empty where it says nothing. RFC 7673 */
  readonly tlsa: readonly TlsaRecord[];
}

/** A connection to a server that serves the domain, as DNS says. With direct TLS it is protected already; nothing else was said. */
export interface Dialled {
  readonly transport: Transport;
  readonly place: DialledPlace;
}

/** Why no server of a domain can be reached: the error that its stanzas get (RFC 6120 §8.3.3.16, §8.3.3.17). */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly condition: "remote-server-not-found" | "remote-server-timeout";

  constructor(condition: DialError["condition"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.condition = condition;
  }
}

/** Finds and connects to servers of other domains. */
export interface Dialer {
  /**
   * Connects to one server of the domain after the other, in the order in which they are to be tried; whoever cannot use
   * one asks for the next.
   *
   * @throws DialError when none is left
   */
  readonly dial: (request: DialRequest) => AsyncGenerator<Dialled, never, undefined>;
}
