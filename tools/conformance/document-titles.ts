/** How people call a document of the registry, such as `RFC 6120: XMPP: Core`. */
export function documentTitle(name: string): string {
  const title = titles[name];
  return title === undefined ? shortName(name) : `${shortName(name)}: ${title}`;
}

/** `RFC 6120` or `XEP-0191`. */
export function shortName(name: string): string {
  return name.startsWith("xep") ? `XEP-${name.slice(3)}` : `RFC ${name.slice(3)}`;
}

const titles: Readonly<Record<string, string>> = {
  rfc3920: "XMPP: Core (obsolete)",
  rfc3921: "XMPP: Instant Messaging and Presence (obsolete)",
  rfc6120: "XMPP: Core",
  rfc6121: "XMPP: Instant Messaging and Presence",
  rfc6122: "XMPP: Address Format (obsolete)",
  rfc7590: "Use of TLS in XMPP",
  rfc7622: "XMPP: Address Format",
  rfc7673: "DANE with SRV Records",
  rfc7711: "PKIX over Secure HTTP (POSH)",
  rfc7712: "Domain Name Associations in XMPP",
  rfc9525: "Service Identity in TLS",
  xep0013: "Flexible Offline Message Retrieval",
  xep0059: "Result Set Management",
  xep0114: "Jabber Component Protocol",
  xep0160: "Best Practices for Handling Offline Messages",
  xep0178: "Best Practices for Use of SASL EXTERNAL with Certificates",
  xep0184: "Message Delivery Receipts",
  xep0185: "Dialback Key Generation and Validation",
  xep0198: "Stream Management",
  xep0203: "Delayed Delivery",
  xep0220: "Server Dialback",
  xep0280: "Message Carbons",
  xep0288: "Bidirectional Server-to-Server Connections",
  xep0297: "Stanza Forwarding",
  xep0308: "Last Message Correction",
  xep0313: "Message Archive Management",
  xep0333: "Displayed Markers",
  xep0334: "Message Processing Hints",
  xep0352: "Client State Indication",
  xep0357: "Push Notifications",
  xep0359: "Unique and Stable Stanza IDs",
  xep0368: "SRV records for XMPP over TLS",
  xep0386: "Bind 2",
  xep0388: "Extensible SASL Profile",
  xep0424: "Message Retraction",
  xep0431: "Full Text Search in MAM",
  xep0440: "SASL Channel-Binding Type Capability",
  xep0441: "Message Archive Management Preferences",
  xep0444: "Message Reactions",
  xep0474: "SASL SCRAM Downgrade Protection",
  xep0480: "SASL Upgrade Tasks",
  xep0484: "Fast Authentication Streamlining Tokens",
};
