import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { boolean, oneOf, text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, children, optional, texts } from "#protocol/xml/schema-fields.ts";

export const NS_ROSTER = "jabber:iq:roster";

/** One item as it travels (RFC 6121 §2.1.2). */
export const Item = element(NS_ROSTER, "item", {
  jid: attr("jid", jidCodec),
  name: optional(attr("name", text)),
  subscription: optional(attr("subscription", oneOf("none", "to", "from", "both", "remove"))),
  ask: optional(attr("ask", oneOf("subscribe"))),
  approved: optional(attr("approved", boolean)),
  groups: texts(NS_ROSTER, "group"),
});

/** The roster, or a change of it; `ver` is opaque to clients (RFC 6121 §2.6). */
export const Query = element(NS_ROSTER, "query", {
  ver: optional(attr("ver", text)),
  items: children(Item),
});
