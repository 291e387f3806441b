import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { xml, withAttributes, type XmlElement, type XmlNode } from "#protocol/xml/element.ts";
import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import { Settlement } from "./settlement.ts";
import { storedXml } from "./stored-xml.ts";

export type StanzaKind = "message" | "presence" | "iq";

/** What something waits for that is to happen to a stanza. */
type Holds = Pick<Settlement, "hold" | "release">;

/** Where an account's archive has a message. Ids sort as the rows do. */
export interface ArchivePlace {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A row of an archive whose message is on its way to a client: held by whoever has still to bring it or to decide about it. */
export type ArchivedRow = ArchivePlace & Pick<Settlement, "hold" | "release">;

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
  readonly settlement: Holds | undefined;
  /** Under which name it is durable with its recipient already; undefined when it is not. */
  readonly stored: string | undefined;
  /** Where its recipient's archive has it; undefined when that does not keep it. */
  readonly archived: ArchivePlace | undefined;
  /** What the stream waits for that it came on, where something else has taken the place of `settlement`. */
  #senders: Holds | undefined;
  #about: Holds | undefined;
  #text: string | undefined;

  constructor(
    kind: StanzaKind,
    element: XmlElement,
    from: Jid,
    to: Jid | undefined,
    type: string | undefined,
    id: string | undefined,
    settlement: Holds | undefined,
    stored?: string,
    archived?: ArchivePlace,
  ) {
    this.kind = kind;
    this.element = element;
    this.from = from;
    this.to = to;
    this.type = type;
    this.id = id;
    this.settlement = settlement;
    this.stored = stored;
    this.archived = archived;
  }

  /** The element as it is stored: the same text for all who keep it. */
  get text(): string {
    return (this.#text ??= storedXml.encode(this.element));
  }

  /**
   * Of an error that brings a message back: what to hold until the message's sender has the error, so that at any time one of
   * the two is safe. Undefined for all other stanzas.
   */
  get about(): Holds | undefined {
    return this.#about;
  }

  /**
   * This stanza on its way to a client of ours: of an error that brings a message back, the acknowledgement of the message waits
   * until the client has it.
   */
  towardsClient(): Stanza {
    const about = this.#about;
    if (about === undefined || about === Settlement.settled) return this;
    const { kind, element, from, to, type, id } = this;
    return new Stanza(kind, element, from, to, type, id, about);
  }

  /** The same stanza, made durable with its recipient under this name. */
  storedAs(name: string): Stanza {
    const { kind, element, from, to, type, id, settlement, archived } = this;
    return new Stanza(kind, element, from, to, type, id, settlement, name, archived).#cameLike(this);
  }

  /** The same stanza with another element, as a rewrite makes it. Addresses and type stay. */
  rewritten(element: XmlElement): Stanza {
    const { kind, from, to, type, id, settlement, stored, archived } = this;
    return new Stanza(kind, element, from, to, type, id, settlement, stored, archived).#cameLike(this);
  }

  /**
   * The same stanza with another element, as a record makes it that keeps it: once the batch is durable its sender need not
   * wait until a client has it.
   *
   * @param row where the message goes on to a client: what it wrote, with one hold for the steps that follow
   */
  recorded(element: XmlElement, row?: ArchivedRow): Stanza {
    const { kind, from, to, type, id, stored } = this;
    const recorded = new Stanza(kind, element, from, to, type, id, row ?? Settlement.settled, stored, row);
    recorded.#senders = this.#senders ?? this.settlement;
    return recorded;
  }

  /**
   * This stanza on its way back to its sender.
   *
   * @param reply the error, as `errorReply` makes it
   */
  returnedAs(reply: XmlElement, from: Jid = this.to ?? bareOf(this.from)): Stanza {
    const { kind, settlement } = this;
    const answer = new Stanza(kind, reply, from, this.from, "error", reply.attr("id"), undefined);
    if (kind === "message") answer.#about = both(settlement, this.#senders) ?? Settlement.settled;
    return answer;
  }

  #cameLike(other: Stanza): this {
    this.#senders = other.#senders;
    return this;
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

function both(one: Holds | undefined, other: Holds | undefined): Holds | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    hold: () => {
      one.hold();
      other.hold();
    },
    release: () => {
      one.release();
      other.release();
    },
  };
}

/** The head of a stanza that the server makes itself. */
export interface StanzaHead {
  readonly from: Jid;
  readonly to: Jid;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly lang?: string | undefined;
  /** Of who waits until what the stanza causes is durable; whoever sends it releases their hold afterwards. */
  readonly settlement?: Settlement | undefined;
}

/** Makes a stanza of the server's own. */
export function makeStanza(kind: StanzaKind, head: StanzaHead, ...children: readonly (XmlNode | undefined)[]): Stanza {
  const { from, to, type, id, lang, settlement } = head;
  const element = xml(NS_CLIENT, kind, { from, to, type, id, "xml:lang": lang }, ...children);
  return new Stanza(kind, element, from, to, type ?? (kind === "message" ? "normal" : undefined), id, settlement);
}

/** Takes an element that carries valid addresses already, such as one read back from storage, as a stanza. */
export function stanzaOf(kind: StanzaKind, element: XmlElement, from: Jid, to: Jid | undefined): Stanza {
  const type = element.attr("type") ?? (kind === "message" ? "normal" : undefined);
  return new Stanza(kind, element, from, to, type, element.attr("id"), undefined);
}
