import type { ArchivePage, ArchiveRow, PageQuery, Row, SelectQuery, StoreShape, TableShape } from "#kit/storage.ts";
import { assert, unreachable } from "#protocol/assert.ts";
import { archivePage, missingPlace } from "../archive-page.ts";
import type { Answer, Outcome, Read } from "../backend.ts";
import { joinWith, ownersSql, pageCountSql, pageSql, placesSql, selectSql } from "../sql-select.ts";
import type { PlacedPageQuery, SqlQuery } from "../sql-select.ts";
import { integerOf, sqliteDialect, textOf } from "./sqlite-file.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { sqliteFailure } from "./sqlite-failure.ts";
import { lastTimeSql, searchCountSql, searchOf, searchPageSql } from "./sqlite-search.ts";
import type { Search } from "./sqlite-search.ts";

const loadEntries = "SELECT store, key, value FROM entry WHERE owner = ?1 ORDER BY store, key";
const getEntry = "SELECT value FROM entry WHERE owner = ?1 AND store = ?2 AND key = ?3";

/** Answers reads. Synchronous: it lives in a thread of its own. */
export class SqliteReader {
  readonly #file: SqliteFile;
  readonly #tables = new Map<string, TableShape>();

  constructor(file: SqliteFile, shapes: readonly StoreShape[]) {
    this.#file = file;
    this.declare(shapes);
  }

  declare(shapes: readonly StoreShape[]): void {
    for (const shape of shapes) if (shape.shape === "table") this.#tables.set(shape.name, shape);
  }

  /** The reads of one turn see one state of the database, in one transaction. */
  read(requests: readonly Read[]): readonly Outcome[] {
    try {
      this.#file.run("BEGIN");
      return requests.map((request) => this.#outcome(request));
    } catch (error) {
      const failure = sqliteFailure(error);
      return requests.map(() => ({ ok: false, failure }));
    } finally {
      this.#file.rollBack();
    }
  }

  #outcome(request: Read): Outcome {
    try {
      return { ok: true, answer: this.#answer(request) };
    } catch (error) {
      return { ok: false, failure: sqliteFailure(error) };
    }
  }

  #answer(request: Read): Answer {
    switch (request.read) {
      case "load": {
        const rows = this.#file.rows(loadEntries, [request.owner]);
        return { read: "load", entries: rows.flat().map(textOf) };
      }
      case "get": {
        const [row] = this.#file.rows(getEntry, [request.owner, request.store, request.key]);
        return { read: "get", value: row === undefined ? undefined : textOf(row[0]) };
      }
      case "owners": {
        const { text, parameters } = ownersSql(sqliteDialect, request.kept, request.store, request.options);
        return { read: "owners", owners: this.#file.rows(text, parameters).map(([owner]) => textOf(owner)) };
      }
      case "page":
        return { read: "page", page: this.#page(request.store, request.owner, request.query) };
      case "select":
        return { read: "select", rows: this.#select(request.store, request.query) };
      default:
        return unreachable(request);
    }
  }

  #page(store: string, owner: string, query: PageQuery): ArchivePage {
    const anchors = [query.after, query.before].filter((id) => id !== undefined);
    const places = new Map<string, { at: number; id: string }>();
    if (anchors.length > 0) {
      const { text, parameters } = placesSql(sqliteDialect, store, owner, anchors);
      for (const [id, at] of this.#file.rows(text, parameters)) {
        places.set(textOf(id), { id: textOf(id), at: integerOf(at) });
      }
    }
    const missing = missingPlace(query, places);
    if (missing !== undefined) return { found: false, missing };
    const placed: PlacedPageQuery = {
      ...query,
      after: places.get(query.after ?? ""),
      before: places.get(query.before ?? ""),
    };
    if (query.text !== undefined) return this.#search(query, searchOf(store, owner, placed));
    const rows = this.#archiveRows(pageSql(sqliteDialect, store, owner, placed));
    const count = query.countRows === true ? this.#count(pageCountSql(sqliteDialect, store, owner, placed)) : undefined;
    return archivePage(query, rows, count);
  }

  #search(query: PageQuery, search: Search | undefined): ArchivePage {
    if (search === undefined) return archivePage(query, [], query.countRows === true ? 0 : undefined);
    const end = lastTimeSql(search);
    const lastTime = this.#file.rows(end.text, end.parameters)[0]?.[0];
    const rows = this.#archiveRows(searchPageSql(search, lastTime === undefined ? undefined : integerOf(lastTime)));
    return archivePage(query, rows, query.countRows === true ? this.#count(searchCountSql(search)) : undefined);
  }

  #archiveRows({ text, parameters }: SqlQuery): readonly ArchiveRow[] {
    return this.#file.rows(text, parameters).map(([id, at, peer, resource, value]) => ({
      id: textOf(id),
      at: integerOf(at),
      with: joinWith(textOf(peer), textOf(resource)),
      value: textOf(value),
    }));
  }

  #count({ text, parameters }: SqlQuery): number {
    return integerOf(this.#file.rows(text, parameters)[0]?.[0]);
  }

  #select(store: string, query: SelectQuery): readonly Row[] {
    const shape = this.#tables.get(store);
    assert(shape !== undefined, `table ${store} is declared`);
    const { text, parameters } = selectSql(sqliteDialect, shape, query);
    const names = Object.keys(shape.columns);
    return this.#file
      .rows(text, parameters)
      .map((row) => Object.fromEntries(names.map((name, index) => [name, columnOf(row[index])] as const)));
  }
}

function columnOf(value: unknown): string | number {
  return typeof value === "string" ? value : integerOf(value);
}
