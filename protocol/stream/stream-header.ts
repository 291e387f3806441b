import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { escapeAttribute } from "#protocol/xml/escape.ts";

/** The attributes of a stream's root element, in either direction. RFC 6120 §4.7. */
export interface StreamHeader {
  /** Default namespace of what follows: jabber:client or jabber:server. §4.8.2 */
  readonly contentNamespace: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Only the receiving entity gives one. [rfc6120-4.7.3-03] */
  readonly id?: string | undefined;
  /** Absent for peers that predate RFC 3920. [rfc6120-4.7.5-08] */
  readonly version?: string | undefined;
  readonly language?: string | undefined;
  /** Between servers: that we speak dialback, which older peers know by nothing else. XEP-0220 §2.4.1 */
  readonly dialback?: boolean;
}

/** The header as text: XML declaration and open root tag. The transports that frame otherwise (RFC 7395) have their own. */
export function formatStreamHeader(header: StreamHeader): string {
  // The namespaces are those of the stream and its content, and no others. [rfc6120-4.8.5-06]
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ["from", header.from],
    ["to", header.to],
    ["id", header.id],
    ["version", header.version],
    ["xml:lang", header.language],
    // [rfc6120-4.8.2-01] [rfc6120-4.8.3-05] [rfc3920-4.5-01] [rfc3920-11.2.2-01]
    ["xmlns", header.contentNamespace],
    // [rfc6120-4.8.1-01] [rfc3920-4.5-01]
    ["xmlns:stream", NS_STREAM],
    ["xmlns:db", header.dialback === true ? NS_DIALBACK : undefined],
  ];
  const written = attributes.map(([name, value]) =>
    // [rfc6120-4.7.2-03]
    value === undefined ? "" : ` ${name}='${escapeAttribute(value)}'`,
  );
  // Neither byte order mark nor standalone. [rfc6120-11.5-01] [rfc6120-11.5-02] [rfc6120-11.5-03] [rfc6120-11.6-04]
  return `<?xml version='1.0'?><stream:stream${written.join("")}>`;
}

/** The end of a stream on a transport without frames. */
export const streamClosingTag = "</stream:stream>";

/** The root element that the reader found, as a record. */
export function readStreamHeader(element: XmlElement, contentNamespace: string): StreamHeader {
  return {
    contentNamespace,
    from: element.attr("from"),
    to: element.attr("to"),
    id: element.attr("id"),
    version: element.attr("version"),
    language: element.attr("xml:lang"),
  };
}
