import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { attr, children, optional } from "#protocol/xml/schema-fields.ts";
import type { DiscoInfo, DiscoItem } from "#kit/server-module.ts";
import { DataForm } from "../0004-data-forms/elements.ts";
import { mergeForms } from "../0128-disco-extensions/merge-forms.ts";

export const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";
export const NS_DISCO_ITEMS = "http://jabber.org/protocol/disco#items";

/** What something is (XEP-0030 §3.1). */
export const Identity = element(NS_DISCO_INFO, "identity", {
  category: attr("category", text),
  type: attr("type", text),
  name: optional(attr("name", text)),
  lang: optional(attr("xml:lang", text)),
});

const Feature = element(NS_DISCO_INFO, "feature", { var: attr("var", text) });

/** What an address, or one of its nodes, is and can do; empty in the request. */
export const Info = element(NS_DISCO_INFO, "query", {
  node: optional(attr("node", text)),
  identities: children(Identity),
  features: children(Feature),
  forms: children(DataForm),
});

export type Info = Infer<typeof Info>;

const Item = element(NS_DISCO_ITEMS, "item", {
  jid: attr("jid", jidCodec),
  name: optional(attr("name", text)),
  node: optional(attr("node", text)),
});

/** What belongs to an address or node; empty in the request, and whole in the answer. [xep0059-4-03] */
export const Items = element(NS_DISCO_ITEMS, "query", {
  node: optional(attr("node", text)),
  items: children(Item),
});

export type Items = Infer<typeof Items>;

/** What modules contributed, in the form in which it is answered. The node that was asked for comes back. [xep0030-3.2-02] */
export function describe({ identities, features, forms = [] }: DiscoInfo, node?: string): Info {
  return {
    ...(node === undefined ? {} : { node }),
    identities,
    features: features.map((name) => ({ var: name })),
    forms: mergeForms(forms.map((form) => DataForm.parse(form))),
  };
}

export function list(items: readonly DiscoItem[], node?: string): Items {
  return { ...(node === undefined ? {} : { node }), items };
}
