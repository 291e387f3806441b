/** Under which SRV record something of a domain is found, and how it is spoken to. */
export interface Service {
  readonly name: "_xmpp-server" | "_xmpps-server" | "_xmpp-client" | "_xmpps-client";
  readonly side: "server" | "client";
  /** TLS from the first byte (XEP-0368), rather than STARTTLS. */
  readonly directTls: boolean;
  /** Where it is when nothing is said, or when there is no reason for another. */
  readonly port: number;
  /** The listener of ours that serves it. */
  readonly listener: string;
}

/** RFC 6120 §3.2.1, XEP-0368 §3 */
export const services: readonly Service[] = [
  { name: "_xmpp-server", side: "server", directTls: false, port: 5_269, listener: "server" },
  { name: "_xmpps-server", side: "server", directTls: true, port: 5_270, listener: "server-direct-tls" },
  { name: "_xmpp-client", side: "client", directTls: false, port: 5_222, listener: "client" },
  { name: "_xmpps-client", side: "client", directTls: true, port: 5_223, listener: "client-direct-tls" },
];
