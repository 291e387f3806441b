import type { ArchivePage, ArchiveRow, PageQuery } from "#kit/storage.ts";

/** The id that the query starts from and that is not in the archive, if any. */
export function missingPlace(query: PageQuery, places: ReadonlyMap<string, unknown>): string | undefined {
  return [query.after, query.before].find((id) => id !== undefined && !places.has(id));
}

/** Makes the page of rows that were read in the query's direction, one more than asked for. */
export function archivePage(query: PageQuery, read: readonly ArchiveRow[], count: number | undefined): ArchivePage {
  const rows = read.slice(0, query.max);
  if (query.direction === "backward") rows.reverse();
  return {
    found: true,
    rows,
    complete: read.length <= query.max,
    first: rows[0]?.id,
    last: rows.at(-1)?.id,
    count,
  };
}
