import { withAttributes, type XmlElement } from "#protocol/xml/element.ts";
import { bareOf, type BareJid, type FullJid, type Jid } from "#protocol/jid/jid.ts";
import { readIq } from "#protocol/stanza/iq.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { Stanza, stanzaOf } from "#kit/stanza.ts";
import type { Settlement } from "#kit/settlement.ts";

export interface Admission {
  readonly jid: FullJid;
  /** What the client's stanzas are written in unless they say otherwise. */
  readonly language: string | undefined;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Whether a stanza may go to this address; absent where anybody may write to everybody. */
  readonly mayWriteTo?: (recipient: BareJid) => boolean;
}

/** A stanza that stops at the door, with the error that its sender gets. */
export interface Refused {
  readonly refused: Stanza;
  readonly error: StanzaError;
}

/**
 * Checks what a client sent and stamps its address on it. The result is a stanza to be routed, one to be refused, or
 * the error that ends the stream.
 */
export function admit(
  element: XmlElement,
  admission: Admission,
  settlement: Settlement | undefined,
): Stanza | Refused | StreamError {
  // [xep0297-7.1-02]
  const kind = stanzaKindOf(element);
  if (kind === undefined) return new StreamError("unsupported-stanza-type");
  const { jid, language, parseJid } = admission;
  const from = element.attr("from");
  // A client may name itself, by its full or bare address, and nobody else.
  // [rfc3920-9.1.2-02]
  if (from !== undefined && from !== jid && !namesItself(parseJid(from), jid)) return new StreamError("invalid-from");
  const written = element.attr("to");
  const to = written === undefined ? undefined : parseJid(written);
  // Who relays a stanza says which language its stream has, and who wrote it; all the rest stays as it was.
  // [rfc6120-8.1.2.1-01] [rfc6120-8.1.2.1-04]
  const stamped =
    // [rfc6120-4.7.4-08] [rfc6120-4.7.4-09] [rfc6120-4.7.4-10]
    // [rfc6120-8.1.5-03] [rfc6120-8.1.5-04] [rfc6120-8.1.5-06] [rfc6120-12-04]
    language !== undefined && element.attr("xml:lang") === undefined
      ? withAttributes(element, { from: jid, to, "xml:lang": language })
      : withAttributes(element, to === written ? { from: jid } : { from: jid, to });
  // [rfc7622-4-01] [rfc6121-3.1.2-02] [rfc6121-3.1.2-04] [rfc6121-3.1.3-01] [rfc6121-3.1.3-03]
  if (written !== undefined && to === undefined) {
    const bounced = stanzaOf(kind, withAttributes(element, { from: jid }), jid, undefined);
    // [rfc6120-8.3.3.8-02]
    return { refused: bounced, error: new StanzaError("jid-malformed") };
  }
  const type = kind === "message" ? messageTypeOf(element) : element.attr("type");
  // [rfc6120-4.1-02] [rfc6120-8.4-01] [rfc6120-8.4-03] [rfc6120-8.4-13]
  const stanza = new Stanza(kind, stamped, jid, to, type, element.attr("id"), settlement);
  // [rfc6120-13.12-13] [rfc6120-13.12-16]
  if (to !== undefined && type !== "result" && type !== "error" && admission.mayWriteTo?.(bareOf(to)) === false) {
    const text = "too many recipients within a short time";
    return { refused: stanza, error: new StanzaError("policy-violation", { type: "wait", text }) };
  }
  if (kind === "iq" && type !== "error") {
    try {
      readIq(stamped);
    } catch (error) {
      if (error instanceof StanzaError) return { refused: stanza, error };
      throw error;
    }
  }
  return stanza;
}

function namesItself(claimed: Jid | undefined, jid: FullJid): boolean {
  return claimed === jid || claimed === bareOf(jid);
}
