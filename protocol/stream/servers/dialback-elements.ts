import { type StanzaCondition, isStanzaCondition, stanzaConditionTypes } from "#protocol/stanza/stanza-conditions.ts";
import { type DomainJid, isDomain, parseJid } from "#protocol/jid/jid.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_DIALBACK, NS_DIALBACK_FEATURE, NS_STANZAS } from "#protocol/xml/namespaces.ts";

/** Those of stanzas, and one that dialback borrows from streams. XEP-0220 §2.5 */
export type DialbackCondition = StanzaCondition | "remote-connection-failed";

/** Why a pair is not authorized. `invalid`: the key is not one of that domain's. */
export type DialbackRefusal =
  | { readonly type: "invalid" }
  | { readonly type: "error"; readonly condition: DialbackCondition };

/** What an element says of the outcome; nothing in a request. */
export type DialbackVerdict = { readonly type: "valid" } | DialbackRefusal;

/** One `<db:result/>` or `<db:verify/>`, addressed as on the wire. */
export interface DialbackElement {
  readonly name: "result" | "verify";
  readonly from: DomainJid;
  readonly to: DomainJid;
  /** Of the stream that the key is for; only in verify. */
  readonly id: string | undefined;
  /** Of a request. */
  readonly key: string;
  readonly verdict: DialbackVerdict | undefined;
}

/** Longest id and longest key that are looked at, in characters. */
export const dialbackTextCharactersMax = 1024;

/** Reads an element in the namespace of dialback; says in words what is wrong with it. */
export function readDialback(element: XmlElement): DialbackElement | { readonly broken: "address" | "element" } {
  const { name } = element;
  if (name !== "result" && name !== "verify") return { broken: "element" };
  const from = domainOf(element.attr("from"));
  const to = domainOf(element.attr("to"));
  if (from === undefined || to === undefined) return { broken: "address" };
  const id = name === "verify" ? element.attr("id") : undefined;
  if (name === "verify" && (id === undefined || id === "")) return { broken: "element" };
  const type = element.attr("type");
  const key = type === undefined ? element.text.trim() : "";
  if ((id?.length ?? 0) > dialbackTextCharactersMax || key.length > dialbackTextCharactersMax)
    return { broken: "element" };
  if (type === undefined) return key === "" ? { broken: "element" } : { name, from, to, id, key, verdict: undefined };
  const verdict = readVerdict(element, type);
  return verdict === undefined ? { broken: "element" } : { name, from, to, id, key, verdict };
}

function domainOf(text: string | undefined): DomainJid | undefined {
  const jid = text === undefined ? undefined : parseJid(text);
  return jid !== undefined && isDomain(jid) ? jid : undefined;
}

function readVerdict(element: XmlElement, type: string): DialbackVerdict | undefined {
  if (type === "valid" || type === "invalid") return { type };
  if (type !== "error") return undefined;
  const error = element.elements().find((child) => child.name === "error");
  const name = error?.elements().find((child) => child.ns === NS_STANZAS && child.name !== "text")?.name ?? "";
  const known = isStanzaCondition(name) || name === "remote-connection-failed";
  return { type, condition: known ? name : "undefined-condition" };
}

export function buildDialback({ from, id, key, name, to, verdict }: DialbackElement): XmlElement {
  const attributes = { from, id, to, type: verdict?.type };
  if (verdict === undefined) return xml(NS_DIALBACK, name, attributes, key);
  return xml(NS_DIALBACK, name, attributes, verdict.type === "error" ? errorElement(verdict.condition) : undefined);
}

/** [xep0220-2.5-04] */
function errorElement(condition: DialbackCondition): XmlElement {
  const type = condition === "remote-connection-failed" ? "wait" : stanzaConditionTypes[condition];
  return xml(NS_CLIENT, "error", { type }, xml(NS_STANZAS, condition));
}

/** The stream feature; errors are told within dialback and do not end the stream. [xep0220-2.4.2-01] */
export function dialbackFeature(): XmlElement {
  return xml(NS_DIALBACK_FEATURE, "dialback", {}, xml(NS_DIALBACK_FEATURE, "errors"));
}
