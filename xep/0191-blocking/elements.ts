import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, children } from "#protocol/xml/schema-fields.ts";

export const NS_BLOCKING = "urn:xmpp:blocking";

/** One blocked address: of a resource, an account, or a domain with everybody in it. */
export const Item = element(NS_BLOCKING, "item", { jid: attr("jid", jidCodec) });

/** The block list, or the question for it (XEP-0191 §3.2). */
export const Blocklist = element(NS_BLOCKING, "blocklist", { items: children(Item) });

/** XEP-0191 §3.3 */
export const Block = element(NS_BLOCKING, "block", { items: children(Item) });

/** XEP-0191 §3.4; with no items it is about all of them (§3.5). */
export const Unblock = element(NS_BLOCKING, "unblock", { items: children(Item) });
