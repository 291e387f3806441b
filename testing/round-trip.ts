import assert from "node:assert/strict";
import type { ElementDefinition } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";

/** An element of a specification, and where it stands there. */
export interface Example {
  readonly source: string;
  readonly xml: string;
}

/**
 * Reading the element and building it again must lose and add nothing. Children of other names may change places, for
 * a definition writes them in an order of its own; white space between elements does not count.
 *
 * @returns the value that was read
 */
export function assertRoundTrip<T>(definition: ElementDefinition<T>, text: string): T {
  const original = parseElement(text);
  const value = definition.parse(original);
  const built = parseElement(serialize(definition.build(value)));
  assert.deepEqual(inventory(built), inventory(original), text);
  return value;
}

/** Everything in an element, each with its place; of elements with one name the order counts. */
function inventory(element: XmlElement, path = ""): readonly string[] {
  const here = `${path}/{${element.ns}}${element.name}`;
  const counts = new Map<string, number>();
  const inside = element.elements().flatMap((child) => {
    const nth = (counts.get(child.name) ?? 0) + 1;
    counts.set(child.name, nth);
    return inventory(child, `${here}[${nth}]`);
  });
  const text = element.elements().length > 0 ? element.text.trim() : element.text;
  return [
    here,
    ...element.attributes.map(([name, value]) => `${here}@${name}=${value}`),
    ...(text === "" ? [] : [`${here}=${text}`]),
    ...inside,
  ].toSorted();
}
