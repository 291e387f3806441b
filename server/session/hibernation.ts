import type { BareJid } from "#protocol/jid/jid.ts";
import { accountArchive, accountMap, json } from "#kit/slots.ts";
import type { Store, Write } from "#kit/storage.ts";
import type { SessionAccount } from "./session-owner.ts";

/** What a session is after a restart of the server, but for what it owes to its client. */
export interface HibernatedSession {
  readonly resource: string;
  /** Milliseconds since the epoch. */
  readonly boundAt: number;
  readonly expiresAt: number;
  /** How long it may be away the next time, in milliseconds. */
  readonly resumeMs: number;
  /** Language of its stream. */
  readonly language?: string | undefined;
  /** Stanzas that the client sent and that are settled. */
  readonly handled: number;
  /** Stanzas that the client has acknowledged, and those that it was sent before the stream was cut. */
  readonly acknowledged: number;
  readonly sent: number;
  /** Contacts' availability may have come that was not written down. */
  readonly missesPresence: boolean;
  /** By label, what its slots hold that have a codec. */
  readonly slots: Readonly<Record<string, string>>;
}

/** The sessions of an account whose stream is cut and may be resumed, by the id that does it (XEP-0198 §5). */
export const hibernatedSessions = accountMap<HibernatedSession>("hibernated-sessions", 1, json());

/**
 * What they owe to their clients, a row a stanza: the name under which a message was made durable, or the stanza itself.
 * The rows of a session are found by its resumption id, which stands where other archives have the other party.
 */
export const owedStanzas = accountArchive("owed-stanzas", 1);

/** Whether a write is about a session that hibernates. */
export function saysWhatIsOwed(write: Write): boolean {
  return "store" in write && (write.store === owedStanzas.name || write.store === hibernatedSessions.name);
}

/**
 * Those of an account that sleeps.
 *
 * @throws StoreError
 */
export async function readHibernated(
  store: Pick<Store, "load">,
  account: BareJid,
): Promise<readonly HibernatedSession[]> {
  const { name, codec } = hibernatedSessions;
  return [...((await store.load(account)).get(name)?.values() ?? [])].map((text) => codec.decode(text));
}

/** Rows read at once. */
const pageRows = 100;

/**
 * Who has a stanza beside the sessions that owe it: nobody, the client of another session that was given the same message,
 * or such a one may have it.
 */
export type Reached = "nobody" | "somebody" | "unknown";

/**
 * What is stored of one stanza that is owed: under which name a message was made durable, or the stanza itself; both where it is
 * another one than what has that name, such as an archived message in an answer.
 */
export interface OwedValue {
  /** Letters and digits. */
  readonly name?: string | undefined;
  readonly text?: string | undefined;
  readonly reached: Reached;
}

/** What the stored side of a session needs of its account. */
type HibernationOwner = Pick<SessionAccount, "jid" | "archive" | "write">;

/** The stored side of one session that hibernates. Everything written joins the account's batch. */
export class StoredHibernation {
  readonly id: string;
  readonly #account: HibernationOwner;

  constructor(account: HibernationOwner, id: string) {
    this.#account = account;
    this.id = id;
  }

  writeSession(session: HibernatedSession): void {
    const { name, codec } = hibernatedSessions;
    const { jid, write } = this.#account;
    write({ op: "set", store: name, owner: jid, key: this.id, value: codec.encode(session) });
  }

  /** @param position which stanza it is of all that the session was ever to be sent */
  append(position: number, value: OwedValue): void {
    const text = `${marks[value.reached]}${value.name ?? ""}${value.text ?? ""}`;
    // The position is the order; the time says nothing.
    this.#account.archive(owedStanzas).append({ id: rowId(this.id, position), at: 0, with: this.id, value: text });
  }

  /** What these rows were for is not owed. */
  takeBack(positions: readonly number[]): void {
    this.#account.archive(owedStanzas).remove(positions.map((position) => rowId(this.id, position)));
  }

  /** The session goes on, or ends: nothing is stored of it any more. */
  remove(positions: readonly number[]): void {
    const { jid, write } = this.#account;
    write({ op: "delete", store: hibernatedSessions.name, owner: jid, key: this.id });
    this.takeBack(positions);
  }

  /**
   * Everything that is owed, in order.
   *
   * @throws StoreError
   */
  async read(): Promise<ReadonlyMap<number, OwedValue>> {
    const found = new Map<number, OwedValue>();
    for (let after: string | undefined; ;) {
      const page = await this.#account.archive(owedStanzas).page({
        max: pageRows,
        direction: "forward",
        with: this.id,
        ...(after === undefined ? {} : { after }),
      });
      if (!page.found) return found;
      for (const { id, value } of page.rows) found.set(Number.parseInt(id.slice(this.id.length + 1), 36), read(value));
      after = page.last;
      if (page.complete) return found;
    }
  }
}

/** Ahead of what a row says. Names are of letters and digits. */
const marks: Readonly<Record<Reached, string>> = { nobody: "", somebody: "=", unknown: "+" };

function read(value: string): OwedValue {
  const reached = value.startsWith(marks.unknown)
    ? "unknown"
    : value.startsWith(marks.somebody)
      ? "somebody"
      : "nobody";
  const said = value.slice(marks[reached].length);
  const begin = said.indexOf("<");
  const name = begin === -1 ? said : said.slice(0, begin);
  return { ...(name !== "" && { name }), ...(begin !== -1 && { text: said.slice(begin) }), reached };
}

function rowId(id: string, position: number): string {
  return `${id}-${position.toString(36).padStart(11, "0")}`;
}
