import type { DomainJid } from "#protocol/jid/jid.ts";

/** What a host asks of the servers that it talks to. */
export interface FederationPolicy {
  /**
   * `certificate`: TLS, and a certificate that is good for the domain. `dialback`: TLS, and such a certificate or else
   * server dialback (XEP-0220). `plain`: also without TLS, by dialback.
   */
  readonly security: "certificate" | "dialback" | "plain";
  /** Whether the host talks to other servers at all, and to this one. */
  readonly admits: (remote: DomainJid) => boolean;
  /** Stanzas both ways on one stream (XEP-0288). */
  readonly bidirectional: boolean;
  /** Whether stanzas are acknowledged, and streams resumed, where the peer wants that too (XEP-0198); by default they are. */
  readonly streamManagement?: boolean;
}
