import { type XmlElement, withChildren, xml } from "#protocol/xml/element.ts";
import { invertAddresses } from "./addresses.ts";
import { StanzaError } from "./stanza-error.ts";

/** An iq that follows the rules, split into what handlers ask for. RFC 6120 §8.2.3. */
export type Iq =
  | { readonly type: "get" | "set"; readonly id: string; readonly payload: XmlElement }
  | { readonly type: "result"; readonly id: string; readonly payload: XmlElement | undefined }
  | { readonly type: "error"; readonly id: string };

/**
 * Reads the frame of an iq, not its payload.
 *
 * @throws StanzaError `bad-request` for a request that breaks the rules: no id, a type that is none of the four, other
 * than one child in a get or set
 */
export function readIq(stanza: XmlElement): Iq {
  const id = stanza.attr("id");
  const type = stanza.attr("type");
  if (type === "error") return { type, id: id ?? "" };
  const children = stanza.elements();
  // A broken result is not answered (errorReply knows that); it is still not to be taken for a result. [rfc6120-8.2.3-08]
  if (type === "result") {
    if (children.length > 1) throw new StanzaError("bad-request", { text: "a result has at most one child" });
    return { type, id: id ?? "", payload: children[0] };
  }
  // [rfc6120-8.2.3-02] [rfc6120-8.2.3-03] [rfc6120-8.3.3.1-01]
  if (type !== "get" && type !== "set") throw new StanzaError("bad-request", { text: "unknown type of iq" });
  // [rfc6120-8.1.3-01] [rfc6120-8.2.3-01]
  if (id === undefined) throw new StanzaError("bad-request", { text: "an iq needs an id" });
  const [payload] = children;
  // [rfc6120-8.2.3-07] [rfc6120-8.4-01]
  if (payload === undefined || children.length > 1)
    throw new StanzaError("bad-request", { text: `a ${type} has exactly one child` });
  return { type, id, payload };
}

/** Whether the stanza asks for an answer, well-formed or not. */
export function isIqRequest(stanza: XmlElement): boolean {
  if (stanza.name !== "iq") return false;
  const type = stanza.attr("type");
  // [rfc6120-8.2.3-04]
  return type !== "result" && type !== "error";
}

/** The result that answers a request: addresses swapped, id kept. */
export function resultOf(request: XmlElement, payload?: XmlElement): XmlElement {
  // [rfc6120-8.2.3-05]
  // [rfc3920-9.2.3-04]
  return withChildren(invertAddresses(request, "result"), payload === undefined ? [] : [payload]);
}

/** A new request. */
export function iqRequest(
  type: "get" | "set",
  id: string,
  payload: XmlElement,
  options: { readonly ns: string; readonly to?: string | undefined; readonly from?: string | undefined },
): XmlElement {
  return xml(options.ns, "iq", { type, id, to: options.to, from: options.from }, payload);
}
