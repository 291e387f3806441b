import type { Supported } from "./supported.ts";

/** What protocol/ and server/ implement themselves, beside what the features in im/ and xep/ say of themselves. */
export const coreSupport: readonly Supported[] = [
  rfc(
    6120,
    "XMPP: Core",
    "partial",
    ["protocol/stream", "protocol/stanza", "server"],
    "Streams of clients; streams between servers are not there yet.",
  ),
  rfc(7622, "XMPP: Address Format", "complete", ["protocol/jid"]),
  rfc(7590, "Use of TLS in XMPP", "partial", ["server/tls"], "Streams of clients."),
  rfc(5122, "URIs and IRIs for XMPP", "complete", ["protocol/jid"]),
  rfc(8264, "PRECIS Framework", "complete", ["protocol/jid"]),
  rfc(8265, "PRECIS: Usernames and Passwords", "complete", ["protocol/jid"]),
  rfc(8266, "PRECIS: Nicknames", "complete", ["protocol/jid"]),
  rfc(3454, "Preparation of Internationalized Strings (stringprep)", "complete", ["protocol/jid"]),
  rfc(3491, "Nameprep", "complete", ["protocol/jid"]),
  rfc(4013, "SASLprep", "complete", ["protocol/jid"]),
  rfc(4422, "SASL", "complete", ["protocol/sasl"]),
  rfc(4505, "SASL: ANONYMOUS", "complete", ["protocol/sasl"]),
  rfc(4616, "SASL: PLAIN", "complete", ["protocol/sasl"]),
  rfc(2831, "SASL: DIGEST-MD5", "complete", ["protocol/sasl"], "Obsolete; off by default."),
  rfc(5802, "SASL: SCRAM-SHA-1", "complete", ["protocol/sasl"]),
  rfc(7677, "SASL: SCRAM-SHA-256", "complete", ["protocol/sasl"]),
  rfc(5929, "Channel Bindings for TLS", "complete", ["protocol/sasl", "server/tls"]),
  rfc(9266, "Channel Bindings for TLS 1.3", "complete", ["protocol/sasl", "server/tls"]),
  { xep: 106, title: "JID Escaping", version: "1.1.1", status: "complete", places: ["protocol/jid"] },
  {
    xep: 114,
    title: "Jabber Component Protocol",
    version: "1.6",
    status: "complete",
    places: ["protocol/stream/component", "server/components"],
  },
  {
    xep: 198,
    title: "Stream Management",
    version: "1.6.3",
    status: "complete",
    places: ["protocol/stream/sm", "server/session"],
  },
  {
    xep: 440,
    title: "SASL Channel-Binding Type Capability",
    version: "1.0.0",
    status: "complete",
    places: ["protocol/sasl", "protocol/stream"],
  },
];

function rfc(
  number: number,
  title: string,
  status: Supported["status"],
  places: readonly string[],
  note?: string,
): Supported {
  return { rfc: number, title, version: "all", status, places, ...(note !== undefined && { note }) };
}
