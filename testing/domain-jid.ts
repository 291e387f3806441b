import { domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";

/** A domain of a test's own, which is right. */
export function domainJid(text: string): DomainJid {
  const jid = parseJid(text);
  if (jid === undefined) throw new Error(`${text} is no domain`);
  return domainOf(jid);
}
