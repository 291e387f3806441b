import { XmlElement } from "#protocol/xml/element.ts";

const anything = "{any}";

/**
 * Where `actual` differs from `expected`, or undefined when it does not. `{any}` in an expected attribute or text
 * stands for whatever is there.
 */
export function matches(expected: XmlElement, actual: XmlElement): string | undefined {
  const here = `<${expected.name}/>`;
  if (expected.name !== actual.name || expected.ns !== actual.ns)
    return `${here} of ${expected.ns} expected, <${actual.name}/> of ${actual.ns} came`;
  const attributes = new Map(actual.attributes);
  for (const [name, value] of expected.attributes) {
    const found = attributes.get(name);
    attributes.delete(name);
    if (found === undefined || (value !== anything && value !== found))
      return `${here}: attribute ${name} is ${found ?? "absent"}, not ${value}`;
  }
  const [surplus] = attributes;
  if (surplus !== undefined) return `${here}: attribute ${surplus[0]}=${surplus[1]} was not expected`;
  const wanted = expected.elements();
  const found = actual.elements();
  if (wanted.length === 0 && found.length === 0)
    return expected.text === anything || expected.text === actual.text
      ? undefined
      : `${here}: text is "${actual.text}", not "${expected.text}"`;
  if (expected.children.includes(anything)) return undefined;
  if (wanted.length !== found.length)
    return `${here}: ${found.length} children (${found.map((each) => each.name).join(", ")}), not ${wanted.length}`;
  for (const [index, child] of wanted.entries()) {
    const other = found[index];
    const difference = other instanceof XmlElement ? matches(child, other) : "a child is missing";
    if (difference !== undefined) return difference;
  }
  return undefined;
}
