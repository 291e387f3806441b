/**
 * What a store promises, whichever database keeps it.
 *
 * A module declares the shapes of what it keeps; an adapter (`server/storage/`) implements the four shapes once for
 * its database. All values are strings (usually XML or JSON, made by the module's codec) and must be well-formed
 * UTF-16 without U+0000. Text is ordered by code point, which is the order of its UTF-8 bytes.
 */

/** One value for an owner. Kept under the empty key. */
export type KeyedShape = {
  readonly shape: "keyed";
  readonly name: string;
  readonly version: number;
  readonly migrate?: ValueMigrations;
};

/** A value for every key of an owner. */
export type MapShape = {
  readonly shape: "map";
  readonly name: string;
  readonly version: number;
  readonly migrate?: ValueMigrations;
};

/**
 * Rows of an owner in the order of their time and then of their id, read in pages, removed singly or up to an age.
 * Whoever appends gives times that do not run backwards if the order of appending is to be kept.
 */
export type ArchiveShape = {
  readonly shape: "archive";
  readonly name: string;
  readonly version: number;
  readonly migrate?: ValueMigrations;
  /**
   * The values are XML, and the text of these children of theirs can be searched. Declared differently, all rows are
   * indexed anew, in the background.
   */
  readonly searchable?: readonly SearchableChild[];
};

export type SearchableChild = { readonly ns: string; readonly name: string };

/** What must be searched: rows with declared columns and indexes. No column is ever null. */
export type TableShape = {
  readonly shape: "table";
  readonly name: string;
  readonly version: number;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** The columns that identify a row. */
  readonly key: readonly string[];
  readonly indexes: readonly (readonly string[])[];
  /** The column that names the owner whose `wipe` removes the row; without it a wipe leaves the table alone. */
  readonly owner?: string;
  /** Version → the columns which that version added. Rows from before hold "" or 0 there. */
  readonly added?: Readonly<Record<number, readonly string[]>>;
};

export type StoreShape = KeyedShape | MapShape | ArchiveShape | TableShape;

/** `migrate[3]` turns a value of version 2 into one of version 3. A version without an entry leaves values as they are. */
export type ValueMigrations = Readonly<Record<number, (value: string) => string>>;

/**
 * What may be in one index entry, in UTF-8 bytes: an owner with a key, an owner with an archive id and a JID, or the
 * columns of one index. PostgreSQL allows 2,704 with its own overhead.
 */
export const keyBytesMax = 2_600;
/** UTF-16 code units of one value. */
export const valueCharsMax = 16 * 1024 * 1024;

/** An integer is a JavaScript safe integer. */
export type ColumnType = "text" | "integer";
export type ColumnValue = string | number;
export type Row = Readonly<Record<string, ColumnValue>>;

/** Plain data, structured-cloneable: it travels to a thread or over a wire as it is. */
export type Write =
  | { readonly op: "set"; readonly store: string; readonly owner: string; readonly key: string; readonly value: string }
  | { readonly op: "delete"; readonly store: string; readonly owner: string; readonly key: string }
  /** Removes all keys of the owner in this keyed or map store. */
  | { readonly op: "clear"; readonly store: string; readonly owner: string }
  /**
   * Adds a row to an archive. Ids are the caller's. An id that is there already is replaced, so that a commit whose
   * outcome was lost can be repeated.
   */
  | {
      readonly op: "append";
      readonly store: string;
      readonly owner: string;
      readonly id: string;
      /** Milliseconds since 1970. */
      readonly at: number;
      /** The JID of the other side, bare or full. */
      readonly with: string;
      readonly value: string;
    }
  | { readonly op: "remove"; readonly store: string; readonly owner: string; readonly ids: readonly string[] }
  /** Removes the archive rows of the owner older than `before` (ms since 1970, exclusive), or all of them. */
  | { readonly op: "truncate"; readonly store: string; readonly owner: string; readonly before?: number }
  /** `insert` of a key that exists rejects the whole commit with `conflict`; `upsert` replaces the row. Columns left out are "" or 0. */
  | { readonly op: "insert" | "upsert"; readonly store: string; readonly row: Row }
  | { readonly op: "deleteRows"; readonly store: string; readonly where: readonly Condition[] }
  /** Removes everything of the owner in every declared store: the end of an account. */
  | { readonly op: "wipe"; readonly owner: string };

/** All conditions of a list must hold. `prefix` is for text, by code points; `in` with an empty list never holds. */
export type Condition =
  | { readonly column: string; readonly is: "=" | "<" | "<=" | ">" | ">="; readonly value: ColumnValue }
  | { readonly column: string; readonly is: "prefix"; readonly value: string }
  | { readonly column: string; readonly is: "in"; readonly values: readonly ColumnValue[] };

/** Store → key → value. A store in which the owner has nothing is absent. Archives and tables are not loaded. */
export type LoadedOwner = ReadonlyMap<string, ReadonlyMap<string, string>>;

export type OwnersQuery = {
  /** Starts behind this owner. */
  readonly after?: string;
  readonly limit: number;
  /** Only owners at this domain (`user@domain`, and `domain` itself). */
  readonly domain?: string;
};

export type PageQuery = {
  /** Only rows behind this id, and only if the id is in the archive. */
  readonly after?: string;
  /** Only rows ahead of this id, and only if the id is in the archive. */
  readonly before?: string;
  /** Rows at most; 0 asks for the count alone. */
  readonly max: number;
  /** From which end of the matching rows the page is taken. The rows of a page are in archive order either way. */
  readonly direction: "forward" | "backward";
  /** Only rows with this JID. A bare JID also finds the rows of its resources. */
  readonly with?: string;
  /** Milliseconds since 1970, both inclusive. */
  readonly start?: number;
  readonly end?: number;
  /** Only rows with these ids; the caller compares how many came back. */
  readonly ids?: readonly string[];
  /**
   * Only rows whose searchable text has all of these words and phrases (search-words.ts). A row is found as soon as it
   * is indexed, in a second or so; one that was replaced may be found by its old text that long. The caller sees to it
   * that the query keeps to its bounds.
   */
  readonly text?: string;
  /** The rows come with "" for their values, which are not read: for who wants to know which they are, and when they came. */
  readonly withoutValues?: boolean;
  /** Also count the matching rows. This reads an index entry for each of them. */
  readonly countRows?: boolean;
};

export type ArchiveRow = { readonly id: string; readonly at: number; readonly with: string; readonly value: string };

export type ArchivePage =
  | {
      readonly found: true;
      readonly rows: readonly ArchiveRow[];
      /** No matching row lies behind this page, in its direction. (XEP-0313 `complete`) */
      readonly complete: boolean;
      readonly first: string | undefined;
      readonly last: string | undefined;
      /** Rows that match the filter whatever page they are on, if asked for. (XEP-0059 `count`) */
      readonly count: number | undefined;
    }
  /** An id that the query starts from is not in the archive. (XEP-0313 answers `item-not-found`) */
  | { readonly found: false; readonly missing: string };

export type SelectQuery = {
  readonly where: readonly Condition[];
  /** The rows are sorted by these columns and then by the key, so that the order is total. */
  readonly orderBy?: readonly string[];
  readonly descending?: boolean;
  readonly limit: number;
  /** Starts behind this row of an earlier answer; it need not be there any more. */
  readonly after?: Row;
};

/** Called with the share that is done, from 0 to 1. */
export type BackupProgress = (share: number) => void;

/**
 * The promises of every store:
 *
 * - A commit is atomic: all of its writes happen or none.
 * - Commits are applied in the order of the calls.
 * - `commit` resolves when what it wrote would survive a crash. If it rejects with `unavailable` it may have happened
 *   or not (the answer was lost); with any other kind it has not happened.
 * - A commit that fails for a reason of its own (`conflict`) does not touch others; a cause that all share (`full`,
 *   `unavailable`, `read-only`) fails each of them.
 * - A read that is called after a commit waits for that commit if it concerns the same owner (`load`, `get`, `page`)
 *   or the same store (`owners`, `select`), and then sees it. Reads never see a part of a commit, nor what is not
 *   durable.
 * - Everything that waits is bounded; beyond the bound calls reject with `too-busy` at once.
 * - Names of stores that were not declared, columns that do not exist and text that cannot be kept are bugs: the call
 *   rejects with AssertionFailed and nothing happens. Keys beyond `keyBytesMax` and values beyond `valueCharsMax` may
 *   come from a peer: they reject with `too-large`.
 */
export interface Store extends AsyncDisposable {
  /**
   * Makes the stores of these shapes ready: creates them, and runs the migrations that they need, in one transaction.
   * Declaring a shape again is allowed; declaring a name with two different shapes is a bug. Rejects with
   * `newer-version` where the data was written by a later version of the module.
   */
  readonly declare: (shapes: readonly StoreShape[]) => Promise<void>;
  /** Everything keyed and mapped of one owner, in one request: how an owner wakes. */
  readonly load: (owner: string) => Promise<LoadedOwner>;
  readonly get: (store: string, owner: string, key: string) => Promise<string | undefined>;
  /** The owners that have something in this keyed, map or archive store, in order, a page at a time. */
  readonly owners: (store: string, options: OwnersQuery) => Promise<readonly string[]>;
  readonly page: (store: string, owner: string, query: PageQuery) => Promise<ArchivePage>;
  readonly select: (store: string, query: SelectQuery) => Promise<readonly Row[]>;
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  /**
   * Writes a consistent copy of everything while the store goes on. The copy is an SQLite database whichever store
   * made it, so it also moves data from one kind of store to another. `path` must not exist.
   */
  readonly backup: (path: string, progress?: BackupProgress) => Promise<void>;
  readonly health: StoreHealth;
}

/** For `status` and metrics. Counts are since the store was opened. */
export type StoreHealth = {
  /**
   * `failing`: something failed for a cause that all share, and nothing has shown yet that it is over; reads may work.
   * `down`: nothing works.
   */
  readonly state: "ok" | "failing" | "down";
  /** Commits that are not durable yet. */
  readonly commitsPending: number;
  readonly readsPending: number;
  readonly commits: number;
  /** Transactions: `commits / groups` says how well commits are grouped. */
  readonly groups: number;
  readonly reads: number;
  /** Commits and reads that failed. */
  readonly failures: number;
  readonly lastError: StoreError | undefined;
  readonly textIndex: TextIndexHealth;
};

/** How far what can be searched is behind what is kept. */
export type TextIndexHealth = {
  /** `failing`: the index cannot be written, and is tried again; all else goes on. */
  readonly state: "ready" | "indexing" | "failing";
  /** Rows indexed since the store was opened. */
  readonly rowsIndexed: number;
  /** Rows that are not looked at yet, as far as is known. */
  readonly rowsWaiting: number;
  readonly lastError: StoreError | undefined;
};

export type StoreErrorKind =
  /** The disc, or the quota, is full. Reads go on; commits succeed again once there is space. */
  | "full"
  /** The database cannot be reached or did not answer. */
  | "unavailable"
  | "read-only"
  /** What is there is not our database, or is damaged. */
  | "corrupt"
  /** A row with this key exists. */
  | "conflict"
  /** A key or a value is longer than a store takes. */
  | "too-large"
  /** More is waiting than we allow. */
  | "too-busy"
  /** Another server works on this database. */
  | "locked"
  /** The data was written by a later version of this software. */
  | "newer-version";

export class StoreError extends Error {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.kind = kind;
  }
}
