import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { text } from "#protocol/xml/codec.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, children, optional, withDefault } from "#protocol/xml/schema-fields.ts";
import { Field, formTypeField, NS_DATA_FORMS } from "../0004-data-forms/elements.ts";

export const NS_PUSH = "urn:xmpp:push:0";
export const NS_PUSH_SUMMARY = "urn:xmpp:push:summary";
export const NS_PUBSUB = "http://jabber.org/protocol/pubsub";
export const NS_PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options";

/**
 * A form beside an address: how to publish there, or what to tell. Clients write all types and none, and only the fields
 * matter. (ejabberd's issue 3708 shows one of type `form`)
 */
const EnclosedForm = element(NS_DATA_FORMS, "x", { fields: children(Field) });

/** XEP-0357 §5. A node is not always there. [xep0357-5-01] [xep0357-5-02] */
export const Enable = element(NS_PUSH, "enable", {
  jid: attr("jid", jidCodec),
  node: withDefault(attr("node", text), ""),
  forms: children(EnclosedForm),
});

/** XEP-0357 §6; without a node it is about all nodes. [xep0357-6-01] [xep0357-6-02] */
export const Disable = element(NS_PUSH, "disable", { jid: attr("jid", jidCodec), node: optional(attr("node", text)) });

/** A form of answers. */
export function submission(formType: string, fields: readonly Field[]): XmlElement {
  return xml(
    NS_DATA_FORMS,
    "x",
    { type: "submit" },
    ...[formTypeField(formType), ...fields].map((field) => Field.build(field)),
  );
}

/** What an app server is asked to publish (XEP-0357 §7). [xep0357-7-03] */
export function publishRequest(
  node: string,
  summary: XmlElement | undefined,
  options: XmlElement | undefined,
): XmlElement {
  const notification = xml(NS_PUSH, "notification", {}, summary);
  return xml(
    NS_PUBSUB,
    "pubsub",
    {},
    xml(NS_PUBSUB, "publish", { node: node === "" ? undefined : node }, xml(NS_PUBSUB, "item", {}, notification)),
    options === undefined ? undefined : xml(NS_PUBSUB, "publish-options", {}, options),
  );
}

/**
 * The node to which an app server says that nobody may publish any more (XEP-0357 §8); undefined when the message says
 * nothing of the kind.
 *
 * @param account whose right to publish ends
 */
export function withdrawnNode(message: XmlElement, account: string): string | undefined {
  const pubsub = message.child(NS_PUBSUB, "pubsub");
  const affiliation = pubsub?.child(NS_PUBSUB, "affiliation");
  if (affiliation?.attr("affiliation") !== "none" || affiliation.attr("jid") !== account) return undefined;
  return pubsub?.attr("node") ?? "";
}
