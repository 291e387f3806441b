import { isDomain, parseJid } from "#protocol/jid/jid.ts";

/**
 * Whether the text is what see-other-host may name: a domain or an IP address, with or without a port. An IPv6 address
 * is in brackets. RFC 6120 §4.9.3.19
 */
export function isOtherHost(text: string): boolean {
  const [, host = "", port] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) === 0 || Number(port) > 65_535)) return false;
  const jid = parseJid(host);
  return jid !== undefined && isDomain(jid);
}
