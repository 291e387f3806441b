import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr } from "#protocol/xml/schema-fields.ts";

/** Stream feature of a server that takes invitations (XEP-0445 §3). */
export const NS_INVITED_REGISTRATION = "urn:xmpp:ibr-token:0";

/** Shows an invitation before registering (XEP-0445 §4). */
export const Preauth = element("urn:xmpp:pars:0", "preauth", { token: attr("token", text) });
