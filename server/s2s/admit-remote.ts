import { withAttributes, type XmlElement } from "#protocol/xml/element.ts";
import { domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { readIq } from "#protocol/stanza/iq.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { Settlement } from "#kit/settlement.ts";
import { Stanza } from "#kit/stanza.ts";
import type { Refused } from "../session/admit.ts";

/** What a stream of another server was authorized for. */
export interface RemoteAdmission {
  readonly parseJid: (text: string) => Jid | undefined;
  /** Whether what comes from this domain to that one of ours may come on this stream. */
  readonly mayBring: (remote: DomainJid, local: DomainJid) => boolean;
  /** Whether anything may come for this domain of ours. */
  readonly isFor: (local: DomainJid) => boolean;
  /** What the peer's stanzas are written in unless they say otherwise. */
  readonly language: string | undefined;
}

/**
 * Checks what another server sent: it says who it is from and for, and both belong to a pair of domains that the stream
 * was authorized for (A35). The result is a stanza to be routed, one to be refused, or the error that ends the stream.
 */
export function admitRemote(
  element: XmlElement,
  { parseJid, mayBring, isFor, language }: RemoteAdmission,
  settlement: Settlement | undefined,
): Stanza | Refused | StreamError {
  const kind = stanzaKindOf(element);
  if (kind === undefined) return new StreamError("unsupported-stanza-type");
  const writtenFrom = element.attr("from") ?? "";
  const writtenTo = element.attr("to") ?? "";
  const from = parseJid(writtenFrom);
  const to = parseJid(writtenTo);
  // [rfc6120-8.1.1.2-01] [rfc6120-8.1.2.2-01]
  if (from === undefined || to === undefined) return new StreamError("improper-addressing");
  // [rfc6120-8.1.1.2-02]
  if (!isFor(domainOf(to))) return new StreamError("host-unknown");
  // [rfc6120-8.1.2.2-02]
  if (!mayBring(domainOf(from), domainOf(to))) return new StreamError("invalid-from");
  const stanzaElement = stampedElement(element, { from, to, language });
  const type = kind === "message" ? messageTypeOf(element) : element.attr("type");
  const stanza = new Stanza(kind, stanzaElement, from, to, type, element.attr("id"), settlement);
  if (kind === "iq" && type !== "error") {
    try {
      readIq(stanzaElement);
    } catch (error) {
      if (error instanceof StanzaError) return { refused: stanza, error };
      throw error;
    }
  }
  return stanza;
}

/** Addresses as we write them, and the language of the stream where the stanza names none; all the rest as it was. */
function stampedElement(
  element: XmlElement,
  { from, to, language }: { readonly from: Jid; readonly to: Jid; readonly language: string | undefined },
): XmlElement {
  // [rfc6120-8.1.5-04] [rfc6120-8.1.5-06]
  if (language !== undefined && element.attr("xml:lang") === undefined)
    return withAttributes(element, { from, to, "xml:lang": language });
  return element.attr("from") === from && element.attr("to") === to ? element : withAttributes(element, { from, to });
}
