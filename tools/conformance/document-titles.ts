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
};
