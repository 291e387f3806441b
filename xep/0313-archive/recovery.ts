import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { AccountArchive } from "#kit/slots.ts";
import { stanzaOf, type ArchivePlace, type Stanza } from "#kit/stanza.ts";
import { StoreError, type ArchivePage, type ArchiveRow } from "#kit/storage.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { messagesOf } from "#kit/waiting-messages.ts";
import { withStanzaId } from "../0359-stanza-ids/elements.ts";
import type { Watermarks } from "./watermark.ts";

/** Rows read at once. */
const pageRows = 250;
/** Messages that are decided about after a crash; the watermark is never so far behind that there are more. */
const recoveredMax = 10_000;
/** When that could not be written: how long the account counts as unreadable, in milliseconds. */
const tryAgainAfterMs = 1_000;

/**
 * After a crash: what an archive got last may have been in the mind of the process only, on its way to a client or waiting for
 * an acknowledgement. Each such message goes once through the step that decides about what reached nobody, ahead of all that
 * comes.
 */
export class Recovery {
  readonly #host: Host;
  readonly #slot: AccountArchive;
  readonly #watermarks: Watermarks;
  readonly #failedAt = new WeakMap<Account, number>();

  constructor(parts: { readonly host: Host; readonly slot: AccountArchive; readonly watermarks: Watermarks }) {
    this.#host = parts.host;
    this.#slot = parts.slot;
    this.#watermarks = parts.watermarks;
  }

  /** To be called whenever an account has been read. */
  woken(account: Account): Promise<void> | undefined {
    const known = this.#watermarks.knows(account);
    if (known && this.#watermarks.undecided(account) === undefined) {
      this.#watermarks.join(account);
      return undefined;
    }
    if (known || !this.#watermarks.isOurs(account)) return this.#recover(account);
    this.#watermarks.begin(account);
    return undefined;
  }

  /** @throws StoreError when it cannot be read, or could not be written just now */
  async #recover(account: Account): Promise<void> {
    const now = this.#host.env.now();
    if (now < (this.#failedAt.get(account) ?? -Infinity) + tryAgainAfterMs)
      throw new StoreError("unavailable", "what a crash left behind could not be written just now");
    if (!this.#watermarks.knows(account)) {
      const query = { max: 1, direction: "backward", withoutValues: true } as const;
      const newest = found(await account.archive(this.#slot).page(query)).rows[0];
      this.#watermarks.begin(account, newest);
    }
    const range = this.#watermarks.undecided(account);
    if (range === undefined) return;
    const stanzas = await this.#undecided(account, range);
    const undelivered = messagesOf(this.#host)?.undelivered;
    // All of it is one batch: it is done once or not at all.
    for (const stanza of stanzas) undelivered?.(account, stanza, "recovered");
    this.#watermarks.decide(account);
    account.whenDurable(
      () => this.#failedAt.delete(account),
      () => this.#failedAt.set(account, this.#host.env.now()),
    );
    if (stanzas.length > 0)
      this.#host.log.info({ account: account.jid, messages: stanzas.length }, "messages that a crash left undelivered");
  }

  /** Messages received behind one place and up to another, unless they wait for a client anyway. */
  async #undecided(
    account: Account,
    { behind, upTo }: { readonly behind: ArchivePlace; readonly upTo: ArchivePlace },
  ): Promise<readonly Stanza[]> {
    const stanzas: Stanza[] = [];
    for (let after: string | undefined; stanzas.length < recoveredMax;) {
      // By time: the row itself may have been too old to be kept.
      const page = found(
        await account.archive(this.#slot).page({
          max: pageRows,
          direction: "forward",
          start: behind.at,
          end: upTo.at,
          ...(after === undefined ? {} : { after }),
        }),
      );
      const rows = page.rows.filter(({ id }) => id > behind.id && id <= upTo.id);
      // They wait under the ids that they have here.
      const ids = rows.map(({ id }) => id);
      const waiting = ids.length === 0 ? undefined : await messagesOf(this.#host)?.waiting.holds(account, ids);
      for (const row of rows) {
        const stanza = waiting?.has(row.id) === true ? undefined : received(account, row);
        if (stanza !== undefined) stanzas.push(stanza);
      }
      after = page.last;
      if (page.complete) break;
    }
    return stanzas;
  }
}

/** The message of a row, as it would have been delivered; undefined for one that the account sent to others. */
function received(account: Account, { id, at, value }: ArchiveRow): Stanza | undefined {
  const element = storedXml.decode(value);
  const from = parseJid(element.attr("from") ?? "");
  const to = parseJid(element.attr("to") ?? "");
  if (from === undefined || (bareOf(from) === account.jid && (to === undefined || bareOf(to) !== account.jid)))
    return undefined;
  return stanzaOf("message", withStanzaId(element, account.jid, id), from, to).recorded(
    withStanzaId(element, account.jid, id),
    { id, at, hold: nothing, release: nothing },
  );
}

/** @throws StoreError where a row is gone that was there a moment ago: it is all read anew */
function found(page: ArchivePage): ArchivePage & { readonly found: true } {
  if (!page.found) throw new StoreError("unavailable", "the archive changes while it is read");
  return page;
}

function nothing(): void {}
