/** Channel-binding types that we can use, strongest first. RFC 9266, RFC 5929. [xep0440-3-03] [xep0440-3-13] */
export const channelBindingTypes = ["tls-exporter", "tls-unique", "tls-server-end-point"] as const;
export type ChannelBindingType = (typeof channelBindingTypes)[number];

export interface ChannelBinding {
  readonly type: ChannelBindingType;
  readonly data: Uint8Array;
}

/** What the transport knows about a TLS connection. Absent data could not be had. */
export interface TlsConnection {
  readonly version: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly resumed: boolean;
  /** RFC 7627. False when the TLS library does not say. */
  readonly extendedMasterSecret: boolean;
  /** 32 bytes of exported keying material, label `EXPORTER-Channel-Binding`, no context. RFC 9266 §2 */
  readonly exporter?: Uint8Array;
  /** The first Finished message of the handshake: the client's, or the server's on a resumed TLS ≤ 1.2 session. RFC 5929 §3 */
  readonly finished?: Uint8Array;
  /** Hash of the server's certificate. RFC 5929 §4 */
  readonly endPoint?: Uint8Array;
}

export interface ChannelBindings {
  /** To be announced and to decide whether -PLUS is offered, strongest first (S30). */
  readonly announced: readonly ChannelBinding[];
  /** Accepted from a client that asks for it, though not announced. */
  readonly tolerated: readonly ChannelBinding[];
}

/**
 * What an authentication can be bound to on this connection.
 *
 * TLS 1.3 leaves tls-unique undefined, so it is never announced there. It is tolerated because clients exist that use
 * it whenever a -PLUS mechanism is offered (slixmpp ≤ 1.8.3), and refusing them leads them to PLAIN, which binds
 * nothing and shows the password: after -PLUS they try the plain SCRAMs with `y`, which must fail. The client's
 * Finished of TLS 1.3 is a MAC over the whole handshake under a key of this connection only, hence as unique as the
 * exporter. No other client is touched: who sits between cannot make one choose it, and the value still has to match.
 */
export function channelBindings(
  tls: TlsConnection,
  options: { readonly tlsUniqueOnTls13: "tolerate" | "refuse" } = { tlsUniqueOnTls13: "tolerate" },
): ChannelBindings {
  // [xep0440-2-02] [xep0440-3-03]
  const endPoint = binding("tls-server-end-point", tls.endPoint);
  const unique = binding("tls-unique", tls.finished);
  if (tls.version === "TLSv1.3") {
    return {
      // [xep0440-3-13]
      announced: [...binding("tls-exporter", tls.exporter), ...endPoint],
      tolerated: options.tlsUniqueOnTls13 === "tolerate" ? unique : [],
    };
  }
  // Triple handshake: a resumed session without extended master secret binds to nothing. [rfc7677-4-01]
  if (tls.resumed && !tls.extendedMasterSecret) return { announced: [], tolerated: [] };
  const exporter = tls.extendedMasterSecret ? binding("tls-exporter", tls.exporter) : [];
  return { announced: [...exporter, ...unique, ...endPoint], tolerated: [] };
}

export function isChannelBindingType(type: string): type is ChannelBindingType {
  return channelBindingTypes.some((known) => known === type);
}

function binding(type: ChannelBindingType, data: Uint8Array | undefined): readonly ChannelBinding[] {
  return data === undefined || data.length === 0 ? [] : [{ type, data }];
}
