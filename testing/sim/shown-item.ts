import type { XmlElement } from "#protocol/xml/element.ts";

/** A roster item as a text to compare: all that clients show of it. */
export function shownItem(item: XmlElement): string {
  const groups = item.elements().map(({ text }) => text);
  const facts = ["subscription", "ask", "approved", "name"].map((name) => `${name}=${item.attr(name) ?? ""}`);
  return [...facts, ...groups.toSorted()].join(" ");
}

/** One fact of a shown item; "" where it is absent. */
export function factOf(shown: string | undefined, name: "subscription" | "ask" | "approved" | "name"): string {
  return (
    shown
      ?.split(" ")
      .find((fact) => fact.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ""
  );
}

export function bareOf(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? jid : jid.slice(0, slash);
}
