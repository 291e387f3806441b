import type { ClientSession } from "./client-session.ts";

/** How a message is meant to arrive. */
export type MessageKind = "chat" | "normal" | "headline" | "state" | "nobody";

/** One message that a client sent, and what became of it. */
export interface Entry {
  readonly id: string;
  readonly number: number;
  readonly from: ClientSession;
  /** Address that it was sent to, and the account behind it. */
  readonly to: string;
  readonly account: string;
  readonly kind: MessageKind;
  readonly sentAt: number;
  /** How much longer than need be it is. */
  readonly chars: number;
  acknowledgedAt: number | undefined;
  /** When its sender, whom nobody acknowledges anything, had an answer to what it asked its own server behind it. */
  handledAt: number | undefined;
  bouncedAt: number | undefined;
  readonly receipts: Receipt[];
  /** Sessions that read it in their archive. */
  readonly readBy: Set<ClientSession>;
  /** Copies of it that other devices of its sender and its recipient got. */
  readonly copies: Copy[];
  /** Ids of an account's archive under which it was shown to a client of that. */
  readonly shownAs: { readonly session: ClientSession; readonly archiveId: string }[];
}

export interface Copy {
  readonly session: ClientSession;
  readonly direction: "sent" | "received";
  readonly at: number;
}

export interface Receipt {
  readonly session: ClientSession;
  readonly at: number;
  readonly delayed: boolean;
  /** It came to the full address of a session that kept messages did not come to yet. */
  readonly aheadOfKept: boolean;
  /** Which stanza of the session it was as stream management counts; 0 while it is off. */
  readonly count: number;
}

/** What was sent, acknowledged, received and returned, as the clients know it. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly violations: string[] = [];
  /** Messages that came again: twice on a stream, or when they had been read. */
  readonly again: {
    readonly entry: Entry;
    readonly session: ClientSession;
    readonly at: number;
    readonly text: string;
  }[] = [];
  /** Messages that came behind later ones of the same sender. */
  readonly overtaken: { readonly entry: Entry; readonly receipt: Receipt; readonly by: Entry }[] = [];
  readonly #byId = new Map<string, Entry>();
  /** By sender's session, recipient's session and address: the last message that came. */
  readonly #last = new Map<string, Entry>();
  readonly #namesOf = new Map<ClientSession, number>();

  send(parts: {
    readonly from: ClientSession;
    readonly to: string;
    readonly account: string;
    readonly kind: MessageKind;
    readonly now: number;
    readonly chars?: number;
  }): Entry {
    const number = this.entries.length + 1;
    const { from, to, account, kind, now, chars = 0 } = parts;
    const entry: Entry = {
      id: `m${number}`,
      number,
      from,
      to,
      account,
      kind,
      sentAt: now,
      chars,
      acknowledgedAt: undefined,
      handledAt: undefined,
      bouncedAt: undefined,
      receipts: [],
      readBy: new Set(),
      copies: [],
      shownAs: [],
    };
    this.entries.push(entry);
    this.#byId.set(entry.id, entry);
    return entry;
  }

  /**
   * How long all those are together that may have been written to a session of an account between two moments: what the account sent
   * or was sent meanwhile, and what nobody had by then, as another session had been given it that did not take it.
   */
  charsBetween(account: string, from: number, until: number): number {
    const isUnderWay = ({ sentAt, account: to, bouncedAt = Infinity, receipts }: Entry): boolean =>
      sentAt >= from || (to === account && bouncedAt > from && receipts.every(({ at }) => at > from));
    return this.entries
      .filter((entry) => entry.sentAt <= until && isUnderWay(entry))
      .filter((entry) => entry.account === account || entry.from.account === account)
      .reduce((sum, { chars }) => sum + chars, 0);
  }

  find(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** A client has a message. */
  received(
    session: ClientSession,
    id: string,
    from: string,
    how: { readonly at: number; readonly delayed: boolean },
  ): void {
    const entry = this.#byId.get(id);
    if (entry === undefined || entry.from.jid !== from || entry.account !== session.account) {
      this.violations.push(`${session.name} got ${id} from ${from}, which was not sent to it`);
      return;
    }
    const isRepeated = entry.receipts.some((receipt) => receipt.session === session);
    const again = (text: string): void => void this.again.push({ entry, session, at: how.at, text });
    if (isRepeated) again(`${session.name} got ${id} of ${entry.from.name} twice`);
    if (how.delayed && entry.readBy.has(session))
      again(`${session.name} got ${id} of ${entry.from.name}, which it had read in its archive`);
    const aheadOfKept = entry.to === session.jid && session.maySkipKept(how.at);
    const receipt: Receipt = { session, ...how, aheadOfKept, count: session.handled };
    entry.receipts.push(receipt);
    if (isRepeated) return;
    const flow = `${this.#number(entry.from)} ${this.#number(session)} ${entry.to}`;
    const last = this.#last.get(flow);
    if (last === undefined || last.number < entry.number) this.#last.set(flow, entry);
    else this.overtaken.push({ entry, receipt, by: last });
  }

  /** A client has a copy of what another device of its account has sent or received. */
  copied(
    session: ClientSession,
    id: string,
    { direction, from, at }: { readonly direction: Copy["direction"]; readonly from: string; readonly at: number },
  ): void {
    const entry = this.#byId.get(id);
    const party = direction === "sent" ? entry?.from.account : entry?.account;
    if (entry === undefined || entry.from.jid !== from || party !== session.account || entry.from === session) {
      this.violations.push(`${session.name} got a copy of ${id} from ${from}, which it should not`);
      return;
    }
    if (entry.copies.some((copy) => copy.session === session && copy.direction === direction))
      this.again.push({ entry, session, at, text: `${session.name} got a copy of ${id} of ${entry.from.name} twice` });
    if (direction === "received" && entry.receipts.some((receipt) => receipt.session === session))
      this.again.push({
        entry,
        session,
        at,
        text: `${session.name} got ${id} of ${entry.from.name} and then a copy of it`,
      });
    entry.copies.push({ session, direction, at });
  }

  /** A client reads a message in its archive, which has what the account sent and received. */
  read(session: ClientSession, id: string, from: string): void {
    const entry = this.#byId.get(id);
    if (
      entry === undefined ||
      entry.from.jid !== from ||
      ![entry.account, entry.from.account].includes(session.account)
    )
      this.violations.push(`${session.name} read ${id} from ${from}, which is not of its conversations`);
    else if (entry.account === session.account) entry.readBy.add(session);
  }

  /** A client was told what id a message has in its archive (XEP-0359, XEP-0313). */
  shown(session: ClientSession, id: string, archiveId: string): void {
    const known = this.#byId.get(id)?.shownAs;
    if (known?.some((other) => other.session.account === session.account && other.archiveId === archiveId) !== false)
      return;
    known.push({ session, archiveId });
  }

  returned(session: ClientSession, id: string, at: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined || entry.from.jid !== session.jid)
      this.violations.push(`${session.name} got an error for ${id}, which it did not send`);
    else entry.bouncedAt ??= at;
  }

  /** A client has the copy of an error for what another device of its account has sent, which may be gone. */
  returnedToAnother(session: ClientSession, id: string, at: number): void {
    const entry = this.#byId.get(id);
    if (entry?.from.account === session.account) entry.bouncedAt ??= at;
  }

  /** Sessions have no names that are safe from chance: the order of their beginning names them. */
  begin(session: ClientSession): void {
    this.#namesOf.set(session, this.#namesOf.size + 1);
  }

  #number(session: ClientSession): number {
    return this.#namesOf.get(session) ?? 0;
  }
}
