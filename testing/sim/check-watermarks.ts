import { archivedMessages } from "#xep/0313-archive/slots.ts";
import { archiveTaken } from "#xep/0313-archive/watermark.ts";
import type { SimServer } from "./sim-server.ts";

/** When nobody is there any more, nothing in an archive is left that a crash would have to decide about. */
export function checkWatermarks(server: SimServer, accounts: readonly string[]): readonly string[] {
  return accounts.flatMap((account) => {
    const newest = server.disk.sortedArchive(archivedMessages.name, account).at(-1);
    const text = server.disk.entries.get(account)?.get(archiveTaken.name)?.get("");
    const mark = text === undefined ? undefined : archiveTaken.codec.decode(text);
    // It may name a row that could not be written.
    if (newest === undefined || (mark !== undefined && mark.id >= newest.id)) return [];
    return [`the archive of ${account} is decided about up to ${mark?.id}, not ${newest.id}`];
  });
}
