import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_STREAM } from "#protocol/xml/namespaces.ts";
import type { StreamContext } from "#protocol/xml/read.ts";
import { StreamError } from "./stream-error.ts";

/** What must hold of a stream header in either direction, before any of its attributes means anything. RFC 6120 §4.8 */
export function faultOfRoot(
  header: XmlElement,
  context: StreamContext | undefined,
  contentNamespace: string,
): StreamError | undefined {
  // [rfc6120-4.8.1-01] [rfc6120-4.8.1-02]
  if (header.ns !== NS_STREAM) return new StreamError("invalid-namespace");
  if (header.name !== "stream") return new StreamError("bad-format", { text: "the root element is stream" });
  if (context === undefined) return undefined;
  // The customary prefix, or none in the style of §4.8.2: others we would have to remember. [rfc6120-4.8.5-02]
  if (context.prefix !== "stream" && context.prefix !== "") return new StreamError("bad-namespace-prefix");
  const declared = context.prefix === "" ? undefined : context.namespaces.get("");
  // [rfc6120-4.8.2-02] [rfc6120-4.8.3-03]
  if (declared !== undefined && declared !== "" && declared !== contentNamespace)
    return new StreamError("invalid-namespace", { text: "not the content namespace of this port" });
  return undefined;
}
