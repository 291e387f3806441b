import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { childText, optional } from "#protocol/xml/schema-fields.ts";

export const NS_VERSION = "jabber:iq:version";

/** What software something is; empty in the request (XEP-0092 §2). */
export const Version = element(NS_VERSION, "query", {
  name: optional(childText(NS_VERSION, "name", text)),
  version: optional(childText(NS_VERSION, "version", text)),
  os: optional(childText(NS_VERSION, "os", text)),
});
