import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_STREAM, NS_XML } from "#protocol/xml/namespaces.ts";
import { StreamError } from "./stream-error.ts";

/** What a stream header says beside its attributes: part of what the reader tells. */
export interface HeaderContext {
  /** Default namespace that it declares, as it is on the wire; "" for none. */
  readonly contentNamespace: string;
  /** Its own prefix; "" for none. */
  readonly prefix: string;
  /** Prefixes that it declares, with their namespaces. */
  readonly prefixes: ReadonlyMap<string, string>;
}

/** What must hold of a stream header in either direction, before any of its attributes means anything. RFC 6120 §4.8 */
export function faultOfRoot(
  header: XmlElement,
  context: HeaderContext | undefined,
  contentNamespace: string,
): StreamError | undefined {
  // [rfc6120-4.8.1-02]
  if (header.ns !== NS_STREAM) return new StreamError("invalid-namespace");
  if (header.name !== "stream") return new StreamError("bad-format", { text: "the root element is stream" });
  if (context === undefined) return undefined;
  // The customary prefix, or none in the style of §4.8.2: others we would have to remember.
  // [rfc6120-4.8.5-01] [rfc6120-4.8.5-02]
  if (
    context.prefix !== "stream" &&
    // [rfc6120-4.8.2-03]
    context.prefix !== ""
  )
    return new StreamError("bad-namespace-prefix");
  const declared = context.contentNamespace;
  // The default namespace; in the style without prefixes it is the stream's own. [rfc6120-4.8.2-02] [rfc6120-4.8.3-03]
  if (context.prefix !== "" && declared !== "" && declared !== contentNamespace)
    return new StreamError("invalid-namespace", { text: "not the content namespace of this port" });
  // What is inside of stanzas declares its namespaces there, since it is to travel on alone. [rfc6120-4.8.5-07]
  for (const ns of context.prefixes.values())
    if (ns !== NS_STREAM && ns !== NS_XML && ns !== NS_DIALBACK && ns !== contentNamespace)
      return new StreamError("invalid-namespace", { text: "namespaces of stanzas are declared in stanzas" });
  return undefined;
}
