import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_BIND2, NS_SM } from "#protocol/xml/namespaces.ts";
import { readSm, type SmElement } from "./sm/elements.ts";

/** Longest name that a client may give its resource, in UTF-16 code units; what is longer is left out. */
export const bindTagCharactersMax = 64;

/** What `<bind/>` asks for, as far as the stream itself does it. */
export interface Bind2Request {
  /** What the resource begins with. */
  readonly tag: string | undefined;
  readonly sm: Extract<SmElement, { type: "enable" }> | undefined;
  /** As it was sent, for those who look for what is theirs. */
  readonly element: XmlElement;
}

export function readBind2(element: XmlElement): Bind2Request {
  // [xep0386-3.2-03]
  const tag = element.child(NS_BIND2, "tag")?.text ?? "";
  const enable = element.child(NS_SM, "enable");
  const sm = enable === undefined ? undefined : readSm(enable);
  return {
    tag: tag === "" || tag.length > bindTagCharactersMax ? undefined : tag,
    sm: sm?.type === "enable" ? sm : undefined,
    element,
  };
}

export function buildBind2(tag: string | undefined, ...features: readonly (XmlElement | undefined)[]): XmlElement {
  return xml(NS_BIND2, "bind", {}, tag === undefined ? undefined : xml(NS_BIND2, "tag", {}, tag), ...features);
}

/** With the answers of all features that were asked for. */
export function boundElement(answers: readonly (XmlElement | undefined)[]): XmlElement {
  return xml(NS_BIND2, "bound", {}, ...answers);
}

/** The feature inside of SASL2's; `names` are what can be switched on in one with it. [xep0386-3.1-02] */
export function bind2Feature(names: readonly string[]): XmlElement {
  const features = names.map((name) => xml(NS_BIND2, "feature", { var: name }));
  return xml(NS_BIND2, "bind", {}, features.length === 0 ? undefined : xml(NS_BIND2, "inline", {}, ...features));
}

/** Names of what can be switched on in one with binding; `undefined` when that cannot be done. */
export function readBind2Feature(inline: XmlElement | undefined): readonly string[] | undefined {
  const bind = inline?.child(NS_BIND2, "bind");
  if (bind === undefined) return undefined;
  const features = bind.child(NS_BIND2, "inline")?.elements() ?? [];
  return features.flatMap((feature) => feature.attr("var") ?? []);
}
