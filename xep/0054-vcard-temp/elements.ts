import { element } from "#protocol/xml/element-schema.ts";
import { payloads } from "#protocol/xml/schema-fields.ts";

export const NS_VCARD = "vcard-temp";

/** A visiting card, unread: what is in it is between clients. Empty in the request (XEP-0054 §3). */
export const VCard = element(NS_VCARD, "vCard", { properties: payloads() });
