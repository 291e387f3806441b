import { StoreError } from "#kit/storage.ts";
import type { BackupProgress, Store, StoreErrorKind, StoreShape, Write } from "#kit/storage.ts";
import type { Backend, Failure, Outcome, Read } from "./backend.ts";
import { copyToSqlite } from "./copy-to-sqlite.ts";
import { emptyValue } from "./declared-shapes.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { readMemory } from "./memory-reads.ts";
import { QueuedStore } from "./queued-store.ts";
import type { QueueBounds } from "./queued-store.ts";
import { bringUpToDate } from "./schema-session.ts";
import type { KeptValue, SchemaSession } from "./schema-session.ts";

/** What can go wrong, on command. */
export type MemoryStoreFaults = {
  /**
   * Fails every group of commits with this kind from now on; undefined ends it. `answerLost` writes the group all the
   * same, as when a database is gone before it has answered: to be used with `unavailable`.
   */
  readonly failCommits: (kind: StoreErrorKind | undefined, answerLost?: boolean) => void;
  readonly failReads: (kind: StoreErrorKind | undefined) => void;
  /** The disc holds this many characters of values. Default: no limit. */
  readonly resize: (charsMax: number) => void;
  /**
   * The process is gone: what was not durable is forgotten, nothing that is pending is ever answered, and the disk can
   * be opened again. `answer-lost` makes the group that is being written durable all the same, where there is room for it.
   */
  readonly crash: (when: "before-durable" | "answer-lost") => void;
};

/** Who is told of each group of commits. */
export interface GroupWatch {
  /** The disc has it, and no answer is under way yet. */
  readonly begins: () => void;
  readonly ends: (failure: StoreErrorKind | undefined) => void;
}

export type MemoryStoreOptions = {
  /** What earlier stores left; default: an empty disk. */
  readonly disk?: MemoryDisk;
  readonly groups?: GroupWatch;
  /** Runs the function later. A commit takes two such steps: the end of the turn and the disc. */
  readonly schedule: (run: () => void) => void;
  readonly bounds?: Partial<QueueBounds>;
};

export type MemoryStore = { readonly store: Store; readonly faults: MemoryStoreFaults; readonly disk: MemoryDisk };

/** A store for tests and the simulator: deterministic, without timers, and able to fail. */
export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const disk = options.disk ?? new MemoryDisk();
  if (disk.locked) throw new StoreError("locked", "another server works on this disk");
  disk.locked = true;
  const backend = new MemoryBackend(disk, options.schedule, options.groups);
  const store = new QueuedStore(backend, { ...options, turn: (run) => backend.later(run) });
  return { store, disk, faults: backend.faults };
}

class MemoryBackend implements Backend {
  readonly #disk: MemoryDisk;
  readonly #schedule: (run: () => void) => void;
  readonly #groups: GroupWatch | undefined;
  readonly #shapes = new Map<string, StoreShape>();
  #failCommits: StoreErrorKind | undefined;
  #answerLost = false;
  #failReads: StoreErrorKind | undefined;
  #charsMax = Infinity;
  #crashed = false;
  #beingWritten: readonly (readonly Write[])[] = [];

  constructor(disk: MemoryDisk, schedule: (run: () => void) => void, groups: GroupWatch | undefined) {
    this.#disk = disk;
    this.#schedule = schedule;
    this.#groups = groups;
  }

  readonly faults: MemoryStoreFaults = {
    failCommits: (kind, answerLost = false) => {
      this.#failCommits = kind;
      this.#answerLost = answerLost;
    },
    failReads: (kind) => {
      this.#failReads = kind;
    },
    resize: (charsMax) => {
      this.#charsMax = charsMax;
    },
    crash: (when) => {
      if (when === "answer-lost") this.#writeUnlessFull(this.#beingWritten);
      this.#crashed = true;
      this.#disk.locked = false;
    },
  };

  later(run: () => void): void {
    this.#schedule(() => {
      if (!this.#crashed) run();
    });
  }

  readonly apply = (group: readonly (readonly Write[])[]): Promise<readonly (Failure | undefined)[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly (Failure | undefined)[]>();
    this.#beingWritten = group;
    this.#groups?.begins();
    this.later(() => {
      this.#beingWritten = [];
      let failure: StoreErrorKind | undefined;
      try {
        const failing = this.#failCommits !== undefined;
        const failures = failing && !this.#answerLost ? [] : this.#write(group);
        if (this.#failCommits === undefined) resolve(failures);
        else throw new StoreError(this.#failCommits, "the disc was told to fail");
      } catch (error) {
        if (error instanceof StoreError) failure = error.kind;
        reject(error);
      }
      this.#groups?.ends(failure);
    });
    return promise;
  };

  readonly read = (requests: readonly Read[], answered: (index: number, outcome: Outcome) => void): void => {
    this.later(() => {
      for (const [index, request] of requests.entries()) {
        const kind = this.#failReads;
        if (kind === undefined) answered(index, { ok: true, answer: readMemory(this.#disk, this.#shapes, request) });
        else answered(index, { ok: false, failure: { kind, message: "the disc was told to fail" } });
      }
    });
  };

  readonly declare = async (shapes: readonly StoreShape[]): Promise<void> => {
    const undo: (() => void)[] = [];
    try {
      await bringUpToDate(this.#schemaSession(undo), shapes);
    } catch (error) {
      for (const step of undo.toReversed()) step();
      throw error;
    }
    for (const shape of shapes) this.#shapes.set(shape.name, shape);
  };

  readonly backup = (path: string, progress: BackupProgress): Promise<void> => {
    const writes: Write[] = [];
    const disk = this.#disk;
    for (const [owner, stores] of disk.entries)
      for (const [store, values] of stores)
        for (const [key, value] of values) writes.push({ op: "set", store, owner, key, value });
    for (const [store, owners] of disk.archives)
      for (const [owner, rows] of owners)
        for (const row of rows.values()) writes.push({ op: "append", store, owner, ...row });
    for (const [store, rows] of disk.tables) for (const row of rows.values()) writes.push({ op: "insert", store, row });
    return copyToSqlite({
      path,
      versions: disk.versions,
      declared: [...this.#shapes.values()],
      pages: [writes],
      progress,
    });
  };

  readonly isDown = (): boolean => this.#crashed;

  readonly close = async (): Promise<void> => {
    this.#disk.locked = false;
  };

  #write(group: readonly (readonly Write[])[]): readonly (Failure | undefined)[] {
    const undoGroup: (() => void)[] = [];
    const charsBefore = this.#disk.charsUsed;
    const failures = group.map((commit): Failure | undefined => {
      const undo: (() => void)[] = [];
      if (commit.every((write) => this.#disk.apply(write, this.#shapes, undo))) {
        undoGroup.push(...undo);
        return undefined;
      }
      for (const step of undo.toReversed()) step();
      return { kind: "conflict", message: "a row with this key exists" };
    });
    if (this.#disk.charsUsed > this.#charsMax && this.#disk.charsUsed > charsBefore) {
      for (const step of undoGroup.toReversed()) step();
      throw new StoreError("full", "the disc is full");
    }
    return failures;
  }

  #writeUnlessFull(group: readonly (readonly Write[])[]): void {
    try {
      this.#write(group);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #schemaSession(undo: (() => void)[]): SchemaSession {
    const disk = this.#disk;
    return {
      versions: async () => new Map(disk.versions),
      setVersion: async (name, stored) => {
        const previous = disk.versions.get(name);
        undo.push(() => (previous === undefined ? disk.versions.delete(name) : disk.versions.set(name, previous)));
        disk.versions.set(name, stored);
      },
      createTable: async ({ name }) => {
        disk.tableOf(name);
      },
      addColumns: async (shape, columns) => {
        const table = disk.tableOf(shape.name);
        for (const [key, row] of table) {
          undo.push(() => table.set(key, row));
          const added = columns.map((column) => [column, emptyValue(shape.columns[column] ?? "text")] as const);
          table.set(key, { ...row, ...Object.fromEntries(added) });
        }
      },
      matchIndexes: async () => {},
      prepareSearch: async () => {},
      values: async (shape, after) => (after === undefined ? keptValues(disk, shape) : []),
      rewrite: async (shape, values) => {
        for (const { owner, key, value } of values) {
          const row = disk.archives.get(shape.name)?.get(owner)?.get(key);
          const write: Write =
            row === undefined
              ? { op: "set", store: shape.name, owner, key, value }
              : { op: "append", store: shape.name, owner, ...row, value };
          disk.apply(write, this.#shapes, undo);
        }
      },
    };
  }
}

function keptValues(disk: MemoryDisk, shape: StoreShape): readonly KeptValue[] {
  if (shape.shape !== "archive") {
    return [...disk.entries].flatMap(([owner, stores]) =>
      [...(stores.get(shape.name) ?? [])].map(([key, value]) => ({ owner, key, value })),
    );
  }
  return [...(disk.archives.get(shape.name) ?? [])].flatMap(([owner, rows]) =>
    [...rows.values()].map(({ id, value }) => ({ owner, key: id, value })),
  );
}
