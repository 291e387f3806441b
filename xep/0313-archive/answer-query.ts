import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { LiveArchive } from "#kit/slots.ts";
import { storedXml } from "#kit/stored-xml.ts";
import type { ArchivePage, PageQuery } from "#kit/storage.ts";
import { pageResult, type PageRequest } from "../0059-rsm/elements.ts";
import { archiveEnd, archiveMetadata, type ArchivedMessage, type Query } from "./elements.ts";
import { readFilter, type Filter } from "./query-form.ts";

/** A page of an archive, ready to be sent: the rows in the order in which they go, and what ends them. */
export interface AnsweredQuery {
  readonly rows: readonly ArchivedMessage[];
  readonly end: XmlElement;
}

/** What is to be read of an archive, one page after the other, for a result. */
type Reading<Result> = Generator<PageQuery, Result, ArchivePage>;

type FoundPage = Extract<ArchivePage, { readonly found: true }>;

/** UTF-8 bytes of a page, about: much below what may wait for a connection, or be unacknowledged, by default (A15). */
const pageBytesMax = 1024 * 1024;

/**
 * Answers a question to an archive, whoever's it is: an account's or a room's. Who asks has been found entitled to.
 *
 * @param rowsMax rows in a page at most
 * @throws StanzaError `item-not-found` for an id that is not in the archive [xep0313-4.3.2-03] [xep0313-4.1.3-01], and what
 * {@link readFilter} throws
 */
export async function answerQuery(
  archive: Pick<LiveArchive, "page">,
  query: Query,
  rowsMax: number,
): Promise<AnsweredQuery> {
  const answer = answering(query, rowsMax);
  let step = answer.next();
  while (step.done !== true) step = answer.next(await archive.page(step.value));
  return step.value;
}

/** The same for whoever reads the archive: yields what is to be read, is told what was found, and returns the answer. */
export function* answering(query: Query, rowsMax: number): Reading<AnsweredQuery> {
  if (query.node !== undefined) throw new StanzaError("item-not-found", { text: "there is no such node" });
  const filter = readFilter(query.form);
  if (filter.ids !== undefined && filter.ids.length > rowsMax)
    throw new StanzaError("not-acceptable", { text: `no more than ${rowsMax} ids can be asked for at once` });
  // [xep0313-4.3.2-02] [xep0059-2.2-01] [xep0059-2.2-02] [xep0059-2.2-15] [xep0059-2.6-01]
  const read = found(yield yield* placed(filter, query.page, rowsMax));
  if (filter.ids !== undefined && read.rows.length < filter.ids.length) throw notFound(filter.ids);
  // Who asks gets fewer than he wants, and can ask on from there.
  const page = withinBytes(read, query.page?.before === undefined ? "forward" : "backward");
  const rows = page.rows.map(({ id, at, value }) => ({ id, at, message: storedXml.decode(value) }));
  return {
    // What comes in which order within a page is all that flipping changes. (XEP-0313 §4.3.4) [xep0313-7-02]
    rows: query.flipPage ? rows.toReversed() : rows,
    // [xep0313-4-01] [xep0313-4.3.1-01] [xep0313-4.3.1-02] [xep0059-2.2-03] [xep0059-2.2-04] [xep0059-2.2-05]
    // [xep0059-2.2-16] [xep0059-2.7-03]
    end: archiveEnd(pageResult({ ...page, ...placeInSet(page, query.page) }), page.complete),
  };
}

/** As many rows of a page as fit, from where it begins; one always does. */
function withinBytes(page: FoundPage, direction: PageQuery["direction"]): FoundPage {
  const inOrder = direction === "forward" ? page.rows : page.rows.toReversed();
  let bytes = 0;
  const count = inOrder.findIndex(({ value }, at) => {
    bytes += value.length;
    return at > 0 && bytes > pageBytesMax;
  });
  if (count === -1) return page;
  const rows = direction === "forward" ? inOrder.slice(0, count) : inOrder.slice(0, count).toReversed();
  return { ...page, rows, complete: false, first: rows[0]?.id, last: rows.at(-1)?.id };
}

/**
 * The place of a page in all that was asked for, and the number of that, as far as they are known without a look at the
 * rest. (XEP-0059 §2.2 leaves them out only where they cost much)
 */
function placeInSet(
  { rows, complete, count }: FoundPage,
  request: PageRequest | undefined,
): { readonly index?: number; readonly count?: number } {
  const isForward = request?.before === undefined;
  // [xep0059-2.2-13]
  const fromBeginning = request?.after === undefined && (isForward || complete);
  const toEnd = isForward ? complete : request.before === "";
  return {
    // [xep0059-2.2-09] [xep0059-2.2-11]
    ...(fromBeginning && rows.length > 0 ? { index: 0 } : {}),
    // [xep0059-2.2-08] [xep0059-2.2-12]
    ...(count !== undefined ? { count } : fromBeginning && toEnd ? { count: rows.length } : {}),
  };
}

/** The ends of an archive (XEP-0313 §5). */
export async function answerMetadata(archive: Pick<LiveArchive, "page">): Promise<XmlElement> {
  const one = { max: 1, withoutValues: true } as const;
  const first = found(await archive.page({ ...one, direction: "forward" })).rows[0];
  const last = found(await archive.page({ ...one, direction: "backward" })).rows[0];
  return archiveMetadata(first === undefined || last === undefined ? undefined : { start: first, end: last });
}

/** Where the page lies: what the form says and what the page request says, both of which must hold. */
function* placed(
  { with: peer, start, end, beforeId, afterId, ids, text }: Filter,
  request: PageRequest | undefined,
  rowsMax: number,
): Reading<PageQuery> {
  // [xep0059-2.6-08]
  if (request?.index !== undefined)
    throw new StanzaError("feature-not-implemented", { text: "pages are found by id, not by number" });
  const after = inner(yield* existing([afterId, request?.after]), "later");
  // An empty one only asks for the last page. (XEP-0059 §2.5)
  const before = inner(yield* existing([beforeId, request?.before === "" ? undefined : request?.before]), "earlier");
  // [xep0313-4.3.1-03]
  const max = Math.min(request?.max ?? rowsMax, rowsMax);
  return {
    max,
    // [xep0059-2.3-01] [xep0059-2.5-01]
    direction: request?.before === undefined ? "forward" : "backward",
    // Behind or ahead of ids of the form the number is not known: stores count without regard to them.
    // [xep0313-4.3.2-01] [xep0059-2.7-01] [xep0059-2.7-02]
    countRows: max === 0 && afterId === undefined && beforeId === undefined,
    // [xep0059-2.2-14]
    ...(after === undefined ? {} : { after }),
    // [xep0059-2.3-02]
    ...(before === undefined ? {} : { before }),
    // [xep0313-4.1.1-01] [xep0313-4.1.1-02]
    ...(peer === undefined ? {} : { with: peer }),
    // [xep0313-4.1.2-02]
    ...(start === undefined ? {} : { start }),
    // [xep0313-4.1.2-04]
    ...(end === undefined ? {} : { end }),
    ...(ids === undefined ? {} : { ids }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Two places for one end of a page: both must be in the archive, which of a single one the page itself tells. */
function* existing(places: readonly (string | undefined)[]): Reading<readonly string[]> {
  const ids = [...new Set(places.filter((id) => id !== undefined))];
  if (ids.length <= 1) return ids;
  const page = found(yield { max: ids.length, direction: "forward", ids, withoutValues: true });
  if (page.rows.length < ids.length) throw notFound(ids);
  return ids;
}

/** Ids sort as the rows do. */
function inner(ids: readonly string[], which: "earlier" | "later"): string | undefined {
  const sorted = ids.toSorted();
  return which === "earlier" ? sorted[0] : sorted.at(-1);
}

function found(page: ArchivePage): FoundPage {
  // [xep0059-2.4-01]
  if (!page.found) throw notFound([page.missing]);
  return page;
}

function notFound(ids: readonly string[]): StanzaError {
  return new StanzaError("item-not-found", { text: `not in the archive: ${ids.slice(0, 3).join(", ")}` });
}
