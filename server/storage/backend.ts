import type {
  ArchivePage,
  BackupProgress,
  OwnersQuery,
  PageQuery,
  Row,
  SelectQuery,
  StoreErrorKind,
  StoreShape,
  TextIndexHealth,
  Write,
} from "#kit/storage.ts";

/** A read as plain data, so that it can travel to a thread. */
export type Read =
  | { readonly read: "load"; readonly owner: string }
  | { readonly read: "get"; readonly store: string; readonly owner: string; readonly key: string }
  | {
      readonly read: "owners";
      readonly store: string;
      readonly kept: "entry" | "archive";
      readonly options: OwnersQuery;
    }
  | { readonly read: "page"; readonly store: string; readonly owner: string; readonly query: PageQuery }
  | { readonly read: "select"; readonly store: string; readonly query: SelectQuery };

export type Answer =
  /** store, key, value, store, key, value, … in order of store and key: cheaper to copy between threads than objects. */
  | { readonly read: "load"; readonly entries: readonly string[] }
  | { readonly read: "get"; readonly value: string | undefined }
  | { readonly read: "owners"; readonly owners: readonly string[] }
  | { readonly read: "page"; readonly page: ArchivePage }
  | { readonly read: "select"; readonly rows: readonly Row[] };

/** A StoreError as plain data. */
export type Failure = { readonly kind: StoreErrorKind; readonly message: string };

export type Outcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly failure: Failure };

/**
 * What an adapter does for its database. `QueuedStore` makes a Store of it, and adds what is the same for all:
 * checking, grouping, order, bounds, reading one's own writes, health.
 */
export interface Backend {
  /**
   * Applies the commits of a group in order in one transaction, and resolves when it is durable, with what each commit
   * failed by. Never called while a call is running. Rejects with a StoreError where the cause is common.
   */
  readonly apply: (group: readonly (readonly Write[])[]) => Promise<readonly (Failure | undefined)[]>;
  /** Answers every request exactly once, in any order. */
  readonly read: (requests: readonly Read[], answered: (index: number, outcome: Outcome) => void) => void;
  /** Never called while `apply` is running. */
  readonly declare: (shapes: readonly StoreShape[]) => Promise<void>;
  readonly backup: (path: string, progress: BackupProgress) => Promise<void>;
  readonly isDown: () => boolean;
  /** How far the index of texts is, where there is one. */
  readonly textIndex?: () => TextIndexHealth;
  /**
   * After a failure: writes and reads something small, and rejects if that fails too. Never called while `apply` is
   * running. Without it, the next commit shows whether all is well again.
   */
  readonly probe?: () => Promise<void>;
  /** Where to tell of what breaks while nobody asks for anything. */
  readonly onBroken?: (tell: (failure: Failure) => void) => void;
  readonly close: () => Promise<void>;
}
