import type { TableShape, Write } from "#kit/storage.ts";
import type { Failure, Outcome, Read } from "../backend.ts";
import type { IndexStep } from "../text-indexing.ts";
import type { SqliteFileOptions } from "./sqlite-file.ts";

/** What a thread is started with. */
export type ThreadStart = {
  readonly role: "writer" | "reader";
  readonly file: SqliteFileOptions;
  readonly tables: readonly TableShape[];
};

export type ThreadAsk =
  | { readonly ask: "apply"; readonly group: readonly (readonly Write[])[] }
  | { readonly ask: "read"; readonly requests: readonly Read[] }
  | { readonly ask: "declare"; readonly tables: readonly TableShape[] }
  /** Copies the database; the answer is preceded by `share` messages. */
  | { readonly ask: "backup"; readonly path: string }
  /** Some more of what can be searched becomes findable; see sqlite-text-index.ts. */
  | { readonly ask: "index" }
  /** Forgets the index, which is damaged. */
  | { readonly ask: "rebuildIndex" }
  /** Writes, or reads, something small. */
  | { readonly ask: "probe" }
  | { readonly ask: "close" };

export type ThreadAnswer =
  /** Empty when nothing failed, else one entry a commit. */
  | { readonly answer: "applied"; readonly failures: readonly (Failure | undefined)[] }
  | { readonly answer: "read"; readonly outcomes: readonly Outcome[] }
  | { readonly answer: "indexed"; readonly step: IndexStep }
  | { readonly answer: "done" }
  | { readonly answer: "failed"; readonly failure: Failure };

export type ToThread = { readonly id: number } & ThreadAsk;
/** Id 0 says that the thread is open, or why not. */
export type FromThread = { readonly id: number } & (
  | ThreadAnswer
  | { readonly answer: "share"; readonly share: number }
);
