import { hasPhrases, phrasesOf } from "#kit/search-words.ts";
import type {
  ArchivePage,
  ArchiveRow,
  OwnersQuery,
  PageQuery,
  Row,
  SearchableChild,
  SelectQuery,
  StoreShape,
} from "#kit/storage.ts";
import { unreachable } from "#protocol/assert.ts";
import { archivePage, missingPlace } from "./archive-page.ts";
import type { Answer, Read } from "./backend.ts";
import { orderColumns } from "./declared-shapes.ts";
import { compareRows, matchesRow } from "./match-row.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { tableShape } from "./memory-disk.ts";
import { splitWith } from "./sql-select.ts";
import { compareText } from "./text-order.ts";
import { searchableWords } from "./text-terms.ts";

/** Answers a read from memory, in the plainest way: what the databases' answers are compared with. */
export function readMemory(disk: MemoryDisk, shapes: ReadonlyMap<string, StoreShape>, request: Read): Answer {
  switch (request.read) {
    case "load":
      return { read: "load", entries: entriesOf(disk, request.owner) };
    case "get":
      return { read: "get", value: disk.entries.get(request.owner)?.get(request.store)?.get(request.key) };
    case "owners":
      return { read: "owners", owners: ownersOf(disk, request.kept, request.store, request.options) };
    case "page":
      return {
        read: "page",
        page: pageOf(
          disk.sortedArchive(request.store, request.owner),
          request.query,
          searchableOf(shapes, request.store),
        ),
      };
    case "select":
      return { read: "select", rows: rowsOf(disk, shapes, request.store, request.query) };
    default:
      return unreachable(request);
  }
}

function entriesOf(disk: MemoryDisk, owner: string): readonly string[] {
  const stores = [...(disk.entries.get(owner) ?? [])].toSorted(([a], [b]) => compareText(a, b));
  return stores.flatMap(([store, values]) =>
    [...values].toSorted(([a], [b]) => compareText(a, b)).flatMap(([key, value]) => [store, key, value]),
  );
}

function ownersOf(disk: MemoryDisk, kept: "entry" | "archive", store: string, options: OwnersQuery): readonly string[] {
  const holders =
    kept === "archive"
      ? [...(disk.archives.get(store) ?? [])].filter(([, rows]) => rows.size > 0)
      : [...disk.entries].filter(([, stores]) => (stores.get(store)?.size ?? 0) > 0);
  const { after = "", domain, limit } = options;
  return holders
    .map(([owner]) => owner)
    .filter((owner) => compareText(owner, after) > 0)
    .filter((owner) => domain === undefined || owner === domain || owner.endsWith(`@${domain}`))
    .toSorted(compareText)
    .slice(0, limit);
}

function searchableOf(shapes: ReadonlyMap<string, StoreShape>, store: string): readonly SearchableChild[] {
  const shape = shapes.get(store);
  return shape?.shape === "archive" ? (shape.searchable ?? []) : [];
}

function pageOf(archive: readonly ArchiveRow[], query: PageQuery, searchable: readonly SearchableChild[]): ArchivePage {
  const places = new Map(archive.map((row, place) => [row.id, place] as const));
  const missing = missingPlace(query, places);
  if (missing !== undefined) return { found: false, missing };
  // [xep0431-3.2-01] [xep0431-3.2-03]
  const phrases = query.text === undefined ? undefined : (phrasesOf(query.text) ?? []);
  const matching = archive.filter(
    (row) =>
      matchesQuery(row, query) &&
      (phrases === undefined || hasPhrases(searchableWords(row.value, searchable), phrases)),
  );
  const after = places.get(query.after ?? "") ?? -1;
  const before = places.get(query.before ?? "") ?? archive.length;
  const between = matching.filter(({ id }) => {
    const place = places.get(id) ?? -1;
    return place > after && place < before;
  });
  if (query.direction === "backward") between.reverse();
  const count = query.countRows === true ? matching.length : undefined;
  const read = between.slice(0, query.max + 1);
  return archivePage(query, query.withoutValues === true ? read.map((row) => ({ ...row, value: "" })) : read, count);
}

function matchesQuery(row: ArchiveRow, query: PageQuery): boolean {
  const { start = -Infinity, end = Infinity, ids } = query;
  if (row.at < start || row.at > end || (ids !== undefined && !ids.includes(row.id))) return false;
  if (query.with === undefined) return true;
  const [peer, resource] = splitWith(query.with);
  // [xep0313-4.1.1-04]
  return resource === "" ? splitWith(row.with)[0] === peer : row.with === query.with;
}

function rowsOf(
  disk: MemoryDisk,
  shapes: ReadonlyMap<string, StoreShape>,
  store: string,
  query: SelectQuery,
): readonly Row[] {
  const order = orderColumns(tableShape(shapes, store), query.orderBy);
  const sign = query.descending === true ? -1 : 1;
  const { after } = query;
  return [...disk.tableOf(store).values()]
    .filter((row) => matchesRow(row, query.where))
    .filter((row) => after === undefined || sign * compareRows(row, after, order) > 0)
    .toSorted((a, b) => sign * compareRows(a, b, order))
    .slice(0, query.limit);
}
