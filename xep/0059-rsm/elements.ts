import { integer, text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { childText, optional } from "#protocol/xml/schema-fields.ts";

export const NS_RSM = "http://jabber.org/protocol/rsm";

/** Which page of a list is asked for (XEP-0059 §2). An empty `before` asks for the last one. */
export const PageRequest = element(NS_RSM, "set", {
  max: optional(childText(NS_RSM, "max", integer())),
  after: optional(childText(NS_RSM, "after", text)),
  before: optional(childText(NS_RSM, "before", text)),
  index: optional(childText(NS_RSM, "index", integer())),
});
export type PageRequest = Infer<typeof PageRequest>;

/**
 * The page that was sent: the ids that it begins and ends with, unless it is empty; the place of its first item in the
 * list, from 0, and how many there are in all, where that is known.
 */
export function pageResult(page: {
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  readonly index?: number | undefined;
  readonly count?: number | undefined;
}): XmlElement {
  const part = (name: string, value: string | undefined, index?: number): XmlElement | undefined =>
    value === undefined ? undefined : xml(NS_RSM, name, { index: index?.toString() }, value);
  return xml(
    NS_RSM,
    "set",
    {},
    part("first", page.first, page.index),
    part("last", page.last),
    part("count", page.count?.toString()),
  );
}
