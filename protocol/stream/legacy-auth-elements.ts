import { text } from "../xml/codec.ts";
import { element } from "../xml/element-schema.ts";
import { childText, optional } from "../xml/schema-fields.ts";
import { type XmlElement, xml } from "../xml/element.ts";

const NS_LEGACY_AUTH = "jabber:iq:auth";

/** What a client logs in with that knows no SASL. XEP-0078 */
export const LegacyAuth = element(NS_LEGACY_AUTH, "query", {
  username: optional(childText(NS_LEGACY_AUTH, "username", text)),
  password: optional(childText(NS_LEGACY_AUTH, "password", text)),
  resource: optional(childText(NS_LEGACY_AUTH, "resource", text)),
});

/** What is needed; no digest, for it takes the password in clear to check one. XEP-0078 §3.1 */
export function legacyAuthFields(): XmlElement {
  return LegacyAuth.build({ username: "", password: "", resource: "" });
}

/** XEP-0078 §4 */
export function legacyAuthFeature(): XmlElement {
  return xml("http://jabber.org/features/iq-auth", "auth");
}
