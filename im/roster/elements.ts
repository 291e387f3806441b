import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { boolean, oneOf, text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, children, optional, texts } from "#protocol/xml/schema-fields.ts";

export const NS_ROSTER = "jabber:iq:roster";

/** One item as the server shows it (RFC 6121 §2.1.2). */
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

/** A client asks for the roster (RFC 6121 §2.1.3); `ver` is what it has, "" when it has nothing. */
export const RosterGet = element(NS_ROSTER, "query", { ver: optional(attr("ver", text)) });

/**
 * One item as a client may set it. `ask` and `approved` are not for clients to set, and the only subscription that says
 * anything is "remove"; whatever else is there is not even looked at.
 */
export const SetItem = element(NS_ROSTER, "item", {
  // [rfc6121-2.1.2.3-01]
  jid: attr("jid", jidCodec),
  name: optional(attr("name", text)),
  subscription: optional(attr("subscription", text)),
  groups: texts(NS_ROSTER, "group"),
});

/** A client changes its roster (RFC 6121 §2.1.5). */
export const RosterSet = element(NS_ROSTER, "query", { items: children(SetItem) });
