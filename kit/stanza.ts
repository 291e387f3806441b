import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { xml, withAttributes, type XmlElement, type XmlNode } from "#protocol/xml/element.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import { Settlement } from "./settlement.ts";

export type StanzaKind = "message" | "presence" | "iq";

/**
 * A stanza on its way: the element that will be written, with its sender stamped, and what everybody asks of it read
 * once. Never edited; a step that changes something makes another.
 */
export class Stanza {
  readonly kind: StanzaKind;
  readonly element: XmlElement;
  readonly from: Jid;
  /** Absent when the sender wrote none: presence to be broadcast, or something meant for the sender's own account. */
  readonly to: Jid | undefined;
  /** The `type` attribute; for a message without one or with an unknown one, "normal" (RFC 6121 §5.2.2). */
  readonly type: string | undefined;
  readonly id: string | undefined;
  /** Present when the sender's stream waits for an acknowledgement. */
  readonly settlement: Pick<Settlement, "hold" | "release"> | undefined;
  /** Under which name it is durable with its recipient already; undefined when it is not. */
  readonly stored: string | undefined;

  constructor(
    kind: StanzaKind,
    element: XmlElement,
    from: Jid,
    to: Jid | undefined,
    type: string | undefined,
    id: string | undefined,
    settlement: Pick<Settlement, "hold" | "release"> | undefined,
    stored?: string,
  ) {
    this.kind = kind;
    this.element = element;
    this.from = from;
    this.to = to;
    this.type = type;
    this.id = id;
    this.settlement = settlement;
    this.stored = stored;
  }

  /** The same stanza, made durable with its recipient under this name. */
  storedAs(name: string): Stanza {
    return new Stanza(this.kind, this.element, this.from, this.to, this.type, this.id, this.settlement, name);
  }

  /** The same stanza with another element, as a rewrite makes it. Addresses and type stay. */
  rewritten(element: XmlElement): Stanza {
    return new Stanza(this.kind, element, this.from, this.to, this.type, this.id, this.settlement, this.stored);
  }

  /**
   * The same stanza with another element, as a record makes it that keeps it: once the batch is durable its sender need not
   * wait until a client has it.
   */
  recorded(element: XmlElement): Stanza {
    return new Stanza(this.kind, element, this.from, this.to, this.type, this.id, Settlement.settled, this.stored);
  }

  /** The same stanza for another recipient. */
  redirected(to: Jid): Stanza {
    return new Stanza(
      this.kind,
      withAttributes(this.element, { to }),
      this.from,
      to,
      this.type,
      this.id,
      this.settlement,
    );
  }

  /** Adds a duty before the sender may be told that this stanza is safe. */
  hold(): void {
    this.settlement?.hold();
  }

  release(): void {
    this.settlement?.release();
  }
}

/** The head of a stanza that the server makes itself. */
export interface StanzaHead {
  readonly from: Jid;
  readonly to: Jid;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly lang?: string | undefined;
}

/** Makes a stanza of the server's own. */
export function makeStanza(kind: StanzaKind, head: StanzaHead, ...children: readonly (XmlNode | undefined)[]): Stanza {
  const { from, to, type, id, lang } = head;
  const element = xml(NS_CLIENT, kind, { from, to, type, id, "xml:lang": lang }, ...children);
  return new Stanza(kind, element, from, to, type ?? (kind === "message" ? "normal" : undefined), id, undefined);
}

/** Takes an element that carries valid addresses already, such as one read back from storage, as a stanza. */
export function stanzaOf(kind: StanzaKind, element: XmlElement, from: Jid, to: Jid | undefined): Stanza {
  const type = element.attr("type") ?? (kind === "message" ? "normal" : undefined);
  return new Stanza(kind, element, from, to, type, element.attr("id"), undefined);
}
