import { element } from "#protocol/xml/element-schema.ts";
import { payloads } from "#protocol/xml/schema-fields.ts";

export const NS_PRIVATE = "jabber:iq:private";

/** Elements to be kept, or the empty one that names what is asked for (XEP-0049 §2). */
export const PrivateXml = element(NS_PRIVATE, "query", { elements: payloads() });
