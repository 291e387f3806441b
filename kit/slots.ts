import type { ArchivePage, PageQuery, SearchableChild } from "./storage.ts";

/** How a value is kept as text in storage. */
export interface StoredCodec<T> {
  readonly encode: (value: T) => string;
  /** Throws when the text is not such a value. */
  readonly decode: (text: string) => T;
}

/** Values kept as JSON. Only for types that JSON carries without loss. */
export function json<T>(): StoredCodec<T> {
  // What this module version wrote is what it reads: older shapes are brought up by the slot's migrations.
  return { encode: (value) => JSON.stringify(value), decode: (text) => JSON.parse(text) as T };
}

/** Brings what an older version stored to the next version: `migrate: { 2: (text) => … }` makes version 2 of version 1. */
export type Migrations = Readonly<Record<number, (text: string) => string>>;

/** One durable value of an account, loaded when the account wakes. */
export interface AccountValue<T> {
  readonly shape: "keyed";
  readonly name: string;
  readonly version: number;
  readonly codec: StoredCodec<T>;
  readonly migrate: Migrations;
}

/** Durable values of an account by key, all loaded when the account wakes. Bounded by the feature that owns it. */
export interface AccountMap<T> {
  readonly shape: "map";
  readonly name: string;
  readonly version: number;
  readonly codec: StoredCodec<T>;
  readonly migrate: Migrations;
}

/** Rows of an account that are appended, paged through and removed, and never loaded as a whole. */
export interface AccountArchive {
  readonly shape: "archive";
  readonly name: string;
  readonly version: number;
  readonly migrate: Migrations;
  /** The children of the stored elements whose text can be searched. */
  readonly searchable?: readonly SearchableChild[];
}

/** What every durable slot tells the store at start-up. */
export type AccountSlot = Pick<AccountArchive, "name" | "version" | "migrate" | "searchable"> & {
  readonly shape: "keyed" | "map" | "archive";
};

export function accountValue<T>(
  name: string,
  version: number,
  codec: StoredCodec<T>,
  migrate: Migrations = {},
): AccountValue<T> {
  return { shape: "keyed", name, version, codec, migrate };
}

export function accountMap<T>(
  name: string,
  version: number,
  codec: StoredCodec<T>,
  migrate: Migrations = {},
): AccountMap<T> {
  return { shape: "map", name, version, codec, migrate };
}

export function accountArchive(
  name: string,
  version: number,
  options: { readonly migrate?: Migrations; readonly searchable?: readonly SearchableChild[] } = {},
): AccountArchive {
  return { shape: "archive", name, version, migrate: {}, ...options };
}

/** One row of an {@link AccountArchive}. Ids grow with time, so that their order is the order of arrival. */
export interface ArchiveEntry {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The other party's bare JID. */
  readonly with: string;
  readonly value: string;
}

/**
 * A value that lives as long as a session, or a connection before log-in. Declared once, as a constant. One with a codec
 * goes with the session through a restart of the server, for which it is stored under its label; all others begin anew.
 */
export interface SessionSlot<T> {
  readonly label: string;
  readonly initial: () => T;
  readonly codec: StoredCodec<T> | undefined;
}

export function sessionSlot<T>(label: string, initial: () => T, codec?: StoredCodec<T>): SessionSlot<T> {
  return { label, initial, codec };
}

/** The live view of an {@link AccountValue}: reading is immediate, writing joins the account's current batch. */
export interface LiveValue<T> {
  readonly get: () => T | undefined;
  readonly set: (value: T) => void;
  readonly delete: () => void;
}

/** The live view of an {@link AccountMap}. */
export interface LiveMap<T> {
  readonly size: number;
  readonly get: (key: string) => T | undefined;
  readonly has: (key: string) => boolean;
  readonly entries: () => IterableIterator<[string, T]>;
  readonly set: (key: string, value: T) => void;
  readonly delete: (key: string) => void;
  readonly clear: () => void;
}

/** The live view of an {@link AccountArchive}. Appending and removing join the account's current batch. */
export interface LiveArchive {
  readonly append: (entry: ArchiveEntry) => void;
  readonly remove: (ids: readonly string[]) => void;
  /** Removes what is older than `before`, in milliseconds since the epoch; everything without it. */
  readonly truncate: (before?: number) => void;
  /** What has been written but not committed yet is included. */
  readonly page: (query: PageQuery) => Promise<ArchivePage>;
}
