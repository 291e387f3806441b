import { text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { attr, optional, rawChild } from "#protocol/xml/schema-fields.ts";
import { NS_DATA_FORMS } from "../0004-data-forms/elements.ts";

export const NS_COMMANDS = "http://jabber.org/protocol/commands";

/** What is to be done with a command (XEP-0050 §2.4). */
export const Command = element(NS_COMMANDS, "command", {
  node: attr("node", text),
  action: optional(attr("action", text)),
  sessionId: optional(attr("sessionid", text)),
  form: optional(rawChild(NS_DATA_FORMS, "x")),
});
export type Command = Infer<typeof Command>;
