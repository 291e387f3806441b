import { integer, oneOf, text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, children, flag, optional, payloads } from "#protocol/xml/schema-fields.ts";

export const NS_PRIVACY = "jabber:iq:privacy";

/** One rule as it travels (XEP-0016 §2.1). */
export const Item = element(NS_PRIVACY, "item", {
  type: optional(attr("type", oneOf("jid", "group", "subscription"))),
  value: optional(attr("value", text)),
  // [rfc3921-10.1-07]
  action: attr("action", oneOf("allow", "deny")),
  // [rfc3921-10.1-08]
  order: attr("order", integer()),
  message: flag(NS_PRIVACY, "message"),
  iq: flag(NS_PRIVACY, "iq"),
  presenceIn: flag(NS_PRIVACY, "presence-in"),
  presenceOut: flag(NS_PRIVACY, "presence-out"),
});

export const List = element(NS_PRIVACY, "list", { name: attr("name", text), items: children(Item) });

/** Which list applies to the session; without a name, none but the default one. */
export const Active = element(NS_PRIVACY, "active", { name: optional(attr("name", text)) });

/** Which list applies where none is active. */
export const Default = element(NS_PRIVACY, "default", { name: optional(attr("name", text)) });

/** What is in it depends on what is asked, and how much of it. */
export const Query = element(NS_PRIVACY, "query", { children: payloads() });
