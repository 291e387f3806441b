import { XmlError } from "./fault.ts";
import { NS_XML, NS_XMLNS } from "./namespaces.ts";

/** Prefixes that are declared here, and those around it. The default namespace goes another way, for speed. */
export interface NamespaceScope {
  readonly prefix: string;
  readonly ns: string;
  readonly outer: NamespaceScope | undefined;
  /** How many declarations are in scope. */
  readonly depth: number;
}

/** Adds a declaration, if Namespaces in XML 1.0 allows it (§3: reserved prefixes; §2.2: no undeclaring of prefixes). */
export function declarePrefix(outer: NamespaceScope | undefined, prefix: string, ns: string): NamespaceScope {
  if (prefix === "xmlns") throw new XmlError("not-well-formed", "the prefix xmlns cannot be declared");
  if ((prefix === "xml") !== (ns === NS_XML)) throw new XmlError("not-well-formed", "the prefix xml is fixed");
  if (ns === NS_XMLNS) throw new XmlError("not-well-formed", "the namespace of xmlns cannot be declared");
  if (ns === "") throw new XmlError("not-well-formed", "a prefix cannot be undeclared");
  return { prefix, ns, outer, depth: (outer?.depth ?? 0) + 1 };
}

/** Refuses default namespaces that Namespaces in XML 1.0 §3 does. */
export function checkDefaultNamespace(ns: string): void {
  if (ns === NS_XML || ns === NS_XMLNS)
    throw new XmlError("not-well-formed", "a reserved namespace as the default one");
}

/** What a prefix stands for. */
export function namespaceOf(scope: NamespaceScope | undefined, prefix: string): string {
  if (prefix === "xml") return NS_XML;
  // Only the namespace counts, never the prefix. [rfc6120-8.4-06]
  for (let here = scope; here !== undefined; here = here.outer) if (here.prefix === prefix) return here.ns;
  // [rfc6120-11.3-04]
  throw new XmlError("not-well-formed", "a prefix is not bound to a namespace");
}
