import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { childText, flag, optional, rawChild } from "#protocol/xml/schema-fields.ts";
import { NS_DATA_FORMS } from "#xep/0004-data-forms/elements.ts";

export const NS_REGISTER = "jabber:iq:register";

/** Stream feature (XEP-0077 §8). */
export const NS_REGISTER_FEATURE = "http://jabber.org/features/iq-register";

/** What is asked for, and what is given, of the many fields that there are: as much as we use. */
export const Query = element(NS_REGISTER, "query", {
  registered: flag(NS_REGISTER, "registered"),
  remove: flag(NS_REGISTER, "remove"),
  instructions: optional(childText(NS_REGISTER, "instructions", text)),
  username: optional(childText(NS_REGISTER, "username", text)),
  password: optional(childText(NS_REGISTER, "password", text)),
  form: optional(rawChild(NS_DATA_FORMS, "x")),
});
