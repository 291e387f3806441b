import { withAttributes, type XmlElement } from "#protocol/xml/element.ts";
import { domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { readIq } from "#protocol/stanza/iq.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { Stanza, stanzaOf } from "#kit/stanza.ts";
import type { Refused } from "../session/admit.ts";

export interface ComponentAdmission {
  readonly parseJid: (text: string) => Jid | undefined;
  /** Whether the component may write in the name of anybody at this domain. */
  readonly mayWriteAs: (domain: DomainJid) => boolean;
  /** What its stanzas are written in unless they say otherwise. */
  readonly language: string | undefined;
}

/**
 * Checks what a component sent: it says from whom and to whom, and is from nobody but the component's own (A35). The
 * result is a stanza to be routed, one to be refused, or the error that ends the stream.
 */
export function admitFromComponent(element: XmlElement, admission: ComponentAdmission): Stanza | Refused | StreamError {
  const { parseJid, mayWriteAs, language } = admission;
  const kind = stanzaKindOf(element);
  if (kind === undefined) return new StreamError("unsupported-stanza-type");
  const [writtenFrom, writtenTo] = [element.attr("from"), element.attr("to")];
  // [xep0114-3-08]
  if (writtenFrom === undefined || writtenTo === undefined) return new StreamError("improper-addressing");
  const from = parseJid(writtenFrom);
  // [xep0114-3-09] [xep0114-3-10]
  if (from === undefined || !mayWriteAs(domainOf(from))) return new StreamError("invalid-from");
  const to = parseJid(writtenTo);
  // What people type into a gateway's form may be no address: that must not cost everybody else the gateway.
  if (to === undefined)
    return {
      refused: stanzaOf(kind, withAttributes(element, { from }), from, undefined),
      error: new StanzaError("jid-malformed"),
    };
  const lacksLanguage = language !== undefined && element.attr("xml:lang") === undefined;
  const own = from === writtenFrom && to === writtenTo;
  const stamped = lacksLanguage
    ? withAttributes(element, { from, to, "xml:lang": language })
    : own
      ? element
      : withAttributes(element, { from, to });
  const type = kind === "message" ? messageTypeOf(element) : element.attr("type");
  const stanza = new Stanza(kind, stamped, from, to, type, element.attr("id"), undefined);
  if (kind !== "iq" || type === "error") return stanza;
  try {
    readIq(stamped);
    return stanza;
  } catch (error) {
    if (error instanceof StanzaError) return { refused: stanza, error };
    throw error;
  }
}
