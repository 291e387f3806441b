import { integer, text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, content, optional } from "#protocol/xml/schema-fields.ts";

export const NS_LAST = "jabber:iq:last";

/** How long ago somebody was last there, and with what words they left; empty in the request (XEP-0012 §2). */
export const LastActivity = element(NS_LAST, "query", {
  seconds: optional(attr("seconds", integer({ max: Number.MAX_SAFE_INTEGER }))),
  status: content(text),
});
