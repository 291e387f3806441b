import type { ArchiveRow, Row, StoreShape, TableShape, Write } from "#kit/storage.ts";
import { unreachable } from "#protocol/assert.ts";
import { matchesRow } from "./match-row.ts";
import type { StoredVersion } from "./schema-session.ts";
import { completeRow } from "./declared-shapes.ts";
import { compareText } from "./text-order.ts";

/**
 * What a memory store holds for durable. It outlives the store: a new store on the same disk is a restarted server.
 * Every change gives back how to undo it, so that commits are atomic.
 */
export class MemoryDisk {
  readonly versions = new Map<string, StoredVersion>();
  /** owner → store → key → value */
  readonly entries = new Map<string, Map<string, Map<string, string>>>();
  /** store → owner → id → row */
  readonly archives = new Map<string, Map<string, Map<string, ArchiveRow>>>();
  /** store → key as JSON → row */
  readonly tables = new Map<string, Map<string, Row>>();
  /** A store has it open. */
  locked = false;
  /** UTF-16 units of all values. */
  charsUsed = 0;

  entriesOf(owner: string, store: string): Map<string, string> {
    return within(within(this.entries, owner), store);
  }

  archiveOf(store: string, owner: string): Map<string, ArchiveRow> {
    return within(within(this.archives, store), owner);
  }

  tableOf(store: string): Map<string, Row> {
    return within(this.tables, store);
  }

  /** In the order of an archive. */
  sortedArchive(store: string, owner: string): readonly ArchiveRow[] {
    const rows = [...(this.archives.get(store)?.get(owner)?.values() ?? [])];
    return rows.toSorted((a, b) => a.at - b.at || compareText(a.id, b.id));
  }

  /** Applies one write and adds to `undo`. False if the row exists. */
  apply(write: Write, shapes: ReadonlyMap<string, StoreShape>, undo: (() => void)[]): boolean {
    switch (write.op) {
      case "set":
        this.#put(this.entriesOf(write.owner, write.store), write.key, write.value, undo);
        return true;
      case "delete":
        this.#put(this.entriesOf(write.owner, write.store), write.key, undefined, undo);
        return true;
      case "clear":
        this.#putAll(this.entriesOf(write.owner, write.store), undo);
        return true;
      case "append": {
        const { id, at, with: peer, value } = write;
        this.#put(this.archiveOf(write.store, write.owner), id, { id, at, with: peer, value }, undo);
        return true;
      }
      case "remove":
        for (const id of write.ids) this.#put(this.archiveOf(write.store, write.owner), id, undefined, undo);
        return true;
      case "truncate": {
        const { before = Infinity } = write;
        this.#putAll(this.archiveOf(write.store, write.owner), undo, (row) => row.at < before);
        return true;
      }
      case "insert":
      case "upsert": {
        const shape = tableShape(shapes, write.store);
        const row = completeRow(shape, write.row);
        const key = JSON.stringify(shape.key.map((column) => row[column]));
        const table = this.tableOf(write.store);
        if (write.op === "insert" && table.has(key)) return false;
        this.#put(table, key, row, undo);
        return true;
      }
      case "deleteRows":
        this.#putAll(this.tableOf(write.store), undo, (row) => matchesRow(row, write.where));
        return true;
      case "wipe":
        this.#wipe(write.owner, shapes, undo);
        return true;
      default:
        return unreachable(write);
    }
  }

  #wipe(owner: string, shapes: ReadonlyMap<string, StoreShape>, undo: (() => void)[]): void {
    for (const values of this.entries.get(owner)?.values() ?? []) this.#putAll(values, undo);
    for (const owners of this.archives.values()) this.#putAll(within(owners, owner), undo);
    for (const shape of shapes.values()) {
      if (shape.shape !== "table" || shape.owner === undefined) continue;
      const column = shape.owner;
      this.#putAll(this.tableOf(shape.name), undo, (row) => row[column] === owner);
    }
  }

  #putAll<V extends Kept>(map: Map<string, V>, undo: (() => void)[], which: (kept: V) => boolean = () => true): void {
    for (const [key, kept] of map) if (which(kept)) this.#put(map, key, undefined, undo);
  }

  #put<V extends Kept>(map: Map<string, V>, key: string, kept: V | undefined, undo: (() => void)[]): void {
    const previous = map.get(key);
    undo.push(() => this.#replace(map, key, kept, previous));
    this.#replace(map, key, previous, kept);
  }

  #replace<V extends Kept>(map: Map<string, V>, key: string, previous: V | undefined, next: V | undefined): void {
    this.charsUsed += charsOf(next) - charsOf(previous);
    if (next === undefined) map.delete(key);
    else map.set(key, next);
  }
}

type Kept = string | ArchiveRow | Row;

export function tableShape(shapes: ReadonlyMap<string, StoreShape>, store: string): TableShape {
  const shape = shapes.get(store);
  if (shape?.shape !== "table") throw new TypeError(`${store} is not a table`);
  return shape;
}

/** What counts for a value that is no text. */
const numberChars = 8;

function charsOf(kept: Kept | undefined): number {
  if (kept === undefined) return 0;
  if (typeof kept === "string") return kept.length;
  let chars = 0;
  for (const value of Object.values(kept)) chars += typeof value === "string" ? value.length : numberChars;
  return chars;
}

function within<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}
