import { parseJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import { stanzaOf, Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { stanzaIdBy } from "#xep/0359-stanza-ids/elements.ts";
import { offlineMessages } from "./slots.ts";

/** Messages read from storage at once. */
const pageMessages = 100;

/** Which rows are read: all, or those with these names; and whether with their messages. */
export interface WhichPages {
  readonly names?: readonly string[] | undefined;
  readonly withoutValues?: boolean;
}

/**
 * Rows of the store, in order.
 *
 * @throws StoreError
 */
export async function* offlinePages(
  account: Account,
  { names, withoutValues = false }: WhichPages,
): AsyncGenerator<readonly ArchiveEntry[]> {
  const archive = account.archive(offlineMessages);
  const query = { max: pageMessages, direction: "forward", withoutValues } as const;
  if (names !== undefined) {
    for (let start = 0; start < names.length; start += pageMessages) {
      const page = await archive.page({ ...query, ids: names.slice(start, start + pageMessages) });
      if (page.found) yield page.rows;
    }
    return;
  }
  let last: ArchiveEntry | undefined;
  for (;;) {
    let page = await archive.page(last === undefined ? query : { ...query, after: last.id });
    // What the last page ended with is gone, because some client has it: on from when that was.
    if (!page.found && last !== undefined) page = await archive.page({ ...query, start: last.at });
    if (!page.found) return;
    const seen = last;
    yield seen === undefined ? page.rows : page.rows.filter(({ id, at }) => at > seen.at || id > seen.id);
    last = page.rows.at(-1) ?? last;
    if (page.complete) return;
  }
}

/** A row as a message on its way to a client; undefined for one that nobody could have sent. */
export function waitingStanza(account: Account, { id, at, value }: ArchiveEntry): Stanza | undefined {
  const element = storedXml.decode(value);
  const from = parseJid(element.attr("from") ?? "");
  if (from === undefined) return undefined;
  const stanza = stanzaOf("message", element, from, parseJid(element.attr("to") ?? ""));
  // Nobody else can know what a row is named.
  const archived = stanzaIdBy(element, account.jid) === id ? { id, at } : undefined;
  return new Stanza("message", element, from, stanza.to, stanza.type, stanza.id, undefined, id, archived);
}
