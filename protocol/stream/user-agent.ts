import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SASL2 } from "#protocol/xml/namespaces.ts";

/** A client's installation, as it describes itself to its own server and to nobody else. [xep0388-2.3-06] [xep0388-2.3-07] */
export interface UserAgent {
  /** A UUID in lower case that stays the same for this installation; no other entity may see it. */
  readonly id: string | undefined;
  readonly software: string | undefined;
  readonly device: string | undefined;
}

/** Of what a client says about itself in words, in UTF-16 code units; the rest is cut off. */
export const userAgentTextCharactersMax = 100;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** `malformed` for an id that is no UUID. Of which version is not looked at: the schema allows any, and clients in use send others than 4. */
export function readUserAgent(element: XmlElement): UserAgent | "malformed" {
  const id = element.attr("id")?.toLowerCase();
  // [xep0388-2.3-05]
  if (id !== undefined && !uuid.test(id)) return "malformed";
  const text = (name: string): string | undefined => {
    const said =
      element
        .child(NS_SASL2, name)
        ?.text.replaceAll(/\p{C}+/gu, " ")
        .trim() ?? "";
    return said === "" ? undefined : said.slice(0, userAgentTextCharactersMax).toWellFormed();
  };
  // [xep0388-2.3-06]
  return { id, software: text("software"), device: text("device") };
}

export function buildUserAgent({ id, software, device }: UserAgent): XmlElement {
  const text = (name: string, said: string | undefined) =>
    said === undefined ? undefined : xml(NS_SASL2, name, {}, said);
  return xml(NS_SASL2, "user-agent", { id }, text("software", software), text("device", device));
}
