import { StoreError } from "#kit/storage.ts";
import type { ArchivePage, Store, StoreErrorKind, StoreShape, Write } from "#kit/storage.ts";
import type { QueueOptions } from "#server/storage/queued-store.ts";

export const contractShapes: readonly StoreShape[] = [
  { shape: "keyed", name: "profile", version: 1 },
  { shape: "map", name: "roster", version: 1 },
  { shape: "map", name: "blocklist", version: 1 },
  { shape: "archive", name: "messages", version: 1, searchable: [{ ns: "jabber:client", name: "body" }] },
  { shape: "archive", name: "offline", version: 1 },
  {
    shape: "table",
    name: "directory",
    version: 1,
    columns: { jid: "text", room: "text", city: "text", age: "integer" },
    key: ["jid", "room"],
    indexes: [["city", "age"]],
    owner: "jid",
  },
  { shape: "table", name: "global", version: 1, columns: { name: "text", n: "integer" }, key: ["name"], indexes: [] },
];

/** Two stores whose values are a letter longer with each version, and a table that has another column in each. */
export function growingShapes(version: number): readonly StoreShape[] {
  const versions = Array.from({ length: version - 1 }, (_, index) => index + 2);
  const migrate = Object.fromEntries(versions.map((to) => [to, (value: string) => `${value}x`]));
  const columns = Object.fromEntries(versions.map((to) => [`since${to}`, "text"] as const));
  const added = Object.fromEntries(versions.map((to) => [to, [`since${to}`]]));
  return [
    { shape: "map", name: "values", version, migrate },
    { shape: "archive", name: "rows", version, migrate },
    { shape: "table", name: "wide", version, columns: { id: "text", ...columns }, key: ["id"], indexes: [], added },
  ];
}

export const romeo = "romeo@montague.example";
export const juliet = "juliet@capulet.example";

/** Opens a fresh database with the shapes below. */
export type Fresh = (options?: QueueOptions) => Promise<Store>;

export const set = (owner: string, store: string, key: string, value: string): Write => ({
  op: "set",
  store,
  owner,
  key,
  value,
});
export const append = (owner: string, id: string, at: number, peer: string, store = "messages"): Write => ({
  op: "append",
  store,
  owner,
  id,
  at,
  with: peer,
  value: `<body>${id}</body>`,
});
/** A row whose text can be searched. */
export const said = (owner: string, id: string, at: number, text: string, peer = "x@y"): Write => ({
  op: "append",
  store: "messages",
  owner,
  id,
  at,
  with: peer,
  value: `<message><body>${text}</body><subject>unsearched</subject></message>`,
});
export const insert = (jid: string, room: string, city: string, age: number): Write => ({
  op: "insert",
  store: "directory",
  row: { jid, room, city, age },
});

export function failsWith(kind: StoreErrorKind): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.kind === kind;
}

export async function loaded(store: Store, owner: string): Promise<Record<string, Record<string, string>>> {
  const stores = [...(await store.load(owner))];
  return Object.fromEntries(stores.map(([name, values]) => [name, Object.fromEntries(values)] as const));
}

export function ids(page: ArchivePage): readonly string[] {
  return page.found ? page.rows.map(({ id }) => id) : [`missing ${page.missing}`];
}

export function summary(page: ArchivePage): string {
  if (!page.found) return `missing ${page.missing}`;
  const count = page.count === undefined ? [] : [`count=${page.count}`];
  return [...ids(page), page.complete ? "complete" : "more", ...count].join(" ");
}

/** What a page is said to be to who does not want the values of its rows. */
export function withoutValues(page: ArchivePage): ArchivePage {
  return page.found ? { ...page, rows: page.rows.map((row) => ({ ...row, value: "" })) } : page;
}
