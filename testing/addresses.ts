import { bareOf, isDomain, parseJid, type BareJid, type DomainJid, type Jid } from "#protocol/jid/jid.ts";

// Addresses that tests write down: they are right, or the test is wrong.

export function anyJid(text: string): Jid {
  const jid = parseJid(text);
  if (jid === undefined) throw new Error(`${text} is no address`);
  return jid;
}

/** Without the resource, if there is one. */
export function bareJid(text: string): BareJid {
  return bareOf(anyJid(text));
}

export function domainJid(text: string): DomainJid {
  const jid = anyJid(text);
  if (!isDomain(jid)) throw new Error(`${text} is no domain`);
  return jid;
}
