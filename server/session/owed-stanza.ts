import type { SmEntry } from "#protocol/stream/sm/queue.ts";
import { stanzaKindOf } from "#protocol/stanza/stanza-kind.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import type { OwedValue, Reached } from "./hibernation.ts";

/** How long a client may leave a message unacknowledged before it is written down; and until what failed is tried again. */
export const securedAfterMs = 2_000;

/** A stanza that the client has not acknowledged. */
export interface Owed extends SmEntry {
  /** Undefined while it can be read back, and for one that is lost. */
  stanza: Stanza | undefined;
  bytes: string | undefined;
  /** Under which name it was made durable; null when it is not one to be kept. */
  secured: string | null | undefined;
  /** Whether its sender's acknowledgement waits for it. Only messages make anybody wait. */
  held: boolean;
  /** Whether it was told that it waits for the client. */
  late: boolean;
  /** Whether it is, or is being, written down for the session to go on with after a restart. */
  rowed: boolean;
  /** Whether it may be written down, were it only that this failed or could not be taken back: its row is to be removed one day. */
  rowTried: boolean;
  /** Whether its row has the stanza itself. */
  rowHasText: boolean;
  /** What its row says of others. */
  rowSays: Reached;
  /** What is known of others from before the session was read back. */
  readonly reachedBefore: Reached;
}

/** What was stored of what a session owes. */
export interface StoredOwed {
  readonly acknowledged: number;
  readonly sent: number;
  readonly rows: ReadonlyMap<number, OwedValue>;
}

/** One that the session is to be sent just now. */
export function newlyOwed(stanza: Stanza, bytes: string): Owed {
  const isMessage = stanza.kind === "message";
  return {
    size: bytes.length,
    stanza,
    bytes,
    secured: isMessage ? stanza.stored : null,
    // What is durable already makes nobody wait.
    held: isMessage && stanza.stored === undefined,
    late: false,
    rowed: false,
    rowTried: false,
    rowHasText: false,
    rowSays: "nobody",
    reachedBefore: "nobody",
  };
}

/** So many stanzas were acknowledged ahead of the first one that is stored: rows are left of others too that were since. */
export function acknowledgedAhead({ acknowledged, rows }: StoredOwed): number {
  return Math.min(acknowledged, ...[...rows.keys()].map((position) => position - 1));
}

/** Counts go on where they were: what was not written down, availability that came before a crash, leaves its place empty. */
export function owedAgain(stored: StoredOwed): readonly Owed[] {
  const { sent, rows } = stored;
  const last = Math.max(sent, ...rows.keys());
  const entries: Owed[] = [];
  for (let position = acknowledgedAhead(stored) + 1; position <= last; position += 1) {
    const value = rows.get(position);
    const reached = value?.reached ?? "nobody";
    entries.push({
      size: value?.text?.length ?? 0,
      stanza: undefined,
      bytes: undefined,
      secured: value?.name ?? null,
      held: false,
      late: true,
      rowed: value !== undefined,
      rowTried: value !== undefined,
      rowHasText: value?.text !== undefined,
      rowSays: reached,
      reachedBefore: reached,
    });
  }
  return entries;
}

/** A stanza of which nothing is left: it is not sent again. */
export function isLost({ stanza, rowed }: Owed): boolean {
  return stanza === undefined && !rowed;
}

/** Whether something must survive a crash for the session to go on: all but the availability of others. */
export function isLasting(account: Account, { kind, type, from }: Stanza): boolean {
  return kind !== "presence" || (type !== undefined && type !== "unavailable") || bareOf(from) === account.jid;
}

/** A stanza that was written down as it is. */
export function stanzaOfRow(account: Account, value: OwedValue | undefined): Stanza | undefined {
  if (value?.text === undefined) return undefined;
  const element = storedXml.decode(value.text);
  const kind = stanzaKindOf(element);
  // What the account says to its own clients need not name it.
  const from = parseJid(element.attr("from") ?? account.jid);
  if (kind === undefined || from === undefined) return undefined;
  return stanzaOf(kind, element, from, parseJid(element.attr("to") ?? ""));
}

/** Its sender need not wait for this session any more. */
export function letGo(owed: Owed, stanza: Stanza | undefined = owed.stanza): void {
  if (!owed.held) return;
  owed.held = false;
  stanza?.release();
}
