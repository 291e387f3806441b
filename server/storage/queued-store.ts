import { StoreError } from "#kit/storage.ts";
import type {
  ArchivePage,
  BackupProgress,
  LoadedOwner,
  OwnersQuery,
  PageQuery,
  Row,
  SelectQuery,
  Store,
  StoreHealth,
  StoreShape,
  TextIndexHealth,
  Write,
} from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { Answer, Backend, Outcome, Read } from "./backend.ts";
import { checkColumn, checkConditions, checkTexts, DeclaredShapes, orderColumns } from "./declared-shapes.ts";
import { StoreTrouble } from "./store-trouble.ts";
import type { StoreWatch } from "./store-trouble.ts";
import { UnsettledWrites } from "./unsettled-writes.ts";

export type QueueBounds = {
  readonly commitsPendingMax: number;
  /** UTF-16 units of the values that wait. */
  readonly charsPendingMax: number;
  readonly readsPendingMax: number;
  readonly groupCommitsMax: number;
  readonly groupCharsMax: number;
  /**
   * Commits whose callers are told at once; what they do then is done before anything else. In one turn of the loop this
   * comes twice: when the database answers, and at the end.
   */
  readonly settledAtOnceMax: number;
  /** Rows that one page, select or list of owners may ask for. */
  readonly rowsMax: number;
};

export const defaultQueueBounds: QueueBounds = {
  commitsPendingMax: 20_000,
  charsPendingMax: 64 * 1024 * 1024,
  readsPendingMax: 20_000,
  groupCommitsMax: 2_000,
  groupCharsMax: 8 * 1024 * 1024,
  settledAtOnceMax: 48,
  rowsMax: 10_000,
};

export type QueueOptions = {
  /** Runs the function when the current turn of the loop is over. Default: setImmediate. */
  readonly turn?: (run: () => void) => void;
  readonly bounds?: Partial<QueueBounds>;
  readonly watch?: StoreWatch;
};

/**
 * The queue in front of every database: it checks what is written, groups the commits of one turn and those that come
 * while a group is being written, keeps their order, lets reads wait for the writes that they must see, and bounds it all.
 */
export class QueuedStore implements Store {
  readonly #backend: Backend;
  readonly #turn: (run: () => void) => void;
  readonly #bounds: QueueBounds;
  readonly #shapes = new DeclaredShapes();
  readonly #unsettled = new UnsettledWrites();
  #commits: PendingCommit[] = [];
  #charsPending = 0;
  #inFlight = 0;
  /** What is written, or failed, and whose callers are not told yet. */
  readonly #ended: EndedGroup[] = [];
  /** Reads that wait for a commit, and those that may go when the turn ends. */
  #waiting: PendingRead[] = [];
  #ready: PendingRead[] = [];
  #readsPending = 0;
  #turnAsked = false;
  /** A group or a declaration has the database's writing side. */
  #writing = false;
  #idle: (() => void)[] = [];
  #closed: Promise<void> | undefined;
  readonly #trouble: StoreTrouble;
  readonly #count = { commits: 0, groups: 0, reads: 0, failures: 0 };
  #lastError: StoreError | undefined;

  constructor(backend: Backend, options: QueueOptions = {}) {
    this.#backend = backend;
    this.#turn = options.turn ?? setImmediate;
    this.#bounds = { ...defaultQueueBounds, ...options.bounds };
    this.#trouble = new StoreTrouble(options.watch, backend.probe === undefined ? undefined : this.#probe);
    backend.onBroken?.(({ kind, message }) => {
      this.#lastError = new StoreError(kind, message);
      this.#trouble.failed(this.#lastError);
    });
  }

  readonly declare = async (shapes: readonly StoreShape[]): Promise<void> => {
    this.#refuseClosed();
    while (this.#writing) await this.#somethingSettled();
    const unknown = this.#shapes.unknown(shapes);
    if (unknown.length === 0) return;
    this.#writing = true;
    try {
      await this.#backend.declare(unknown);
      this.#shapes.add(unknown);
    } catch (error) {
      throw this.#noted(error);
    } finally {
      this.#writing = false;
      this.#wakeIdle();
      this.#askTurn();
    }
  };

  readonly commit = (writes: readonly Write[]): Promise<void> => {
    // Not async: that would be one promise more for each message that is kept.
    try {
      return this.#enqueue(writes);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : asStoreError(error));
    }
  };

  #enqueue(writes: readonly Write[]): Promise<void> {
    this.#refuseClosed();
    let chars = 0;
    for (const write of writes) {
      this.#shapes.checkWrite(write);
      if (write.op === "set" || write.op === "append") chars += write.value.length;
    }
    if (writes.length === 0) return Promise.resolve();
    const full =
      this.#commitsPending >= this.#bounds.commitsPendingMax ||
      this.#charsPending + chars > this.#bounds.charsPendingMax;
    if (full) throw this.#noted(new StoreError("too-busy", "too many commits are waiting"));
    const sequence = this.#unsettled.called(writes);
    this.#charsPending += chars;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#commits.push({ writes, chars, sequence, resolve, reject });
    this.#askTurn();
    return promise;
  }

  readonly load = async (owner: string): Promise<LoadedOwner> => {
    checkTexts(owner);
    const answer = await this.#read({ read: "load", owner }, this.#unsettled.ofOwner(owner));
    assert(answer.read === "load", "a load is answered as such");
    return loadedOwner(answer.entries);
  };

  readonly get = async (store: string, owner: string, key: string): Promise<string | undefined> => {
    assert(this.#shapes.kept(store) === "entry", `store ${store} is an archive`);
    checkTexts(owner, key);
    const answer = await this.#read({ read: "get", store, owner, key }, this.#unsettled.ofOwner(owner));
    assert(answer.read === "get", "a get is answered as such");
    return answer.value;
  };

  readonly owners = async (store: string, options: OwnersQuery): Promise<readonly string[]> => {
    const kept = this.#shapes.kept(store);
    checkTexts(options.after ?? "", options.domain ?? "");
    this.#checkLimit(options.limit);
    const answer = await this.#read({ read: "owners", store, kept, options }, this.#unsettled.ofStore(store));
    assert(answer.read === "owners", "owners are answered as such");
    return answer.owners;
  };

  readonly page = async (store: string, owner: string, query: PageQuery): Promise<ArchivePage> => {
    this.#shapes.archive(store);
    checkTexts(owner, query.after ?? "", query.before ?? "", query.with ?? "", ...(query.ids ?? []));
    if (query.text !== undefined) this.#shapes.searchable(store, query.text);
    for (const at of [query.start ?? 0, query.end ?? 0]) assert(Number.isSafeInteger(at), "times are in whole ms");
    this.#checkLimit(query.max);
    const answer = await this.#read({ read: "page", store, owner, query }, this.#unsettled.ofOwner(owner));
    assert(answer.read === "page", "a page is answered as such");
    return answer.page;
  };

  readonly select = async (store: string, query: SelectQuery): Promise<readonly Row[]> => {
    const shape = this.#shapes.table(store);
    checkConditions(shape, query.where);
    for (const column of orderColumns(shape, query.orderBy)) {
      assert(shape.columns[column] !== undefined, `no column ${column} in ${store}`);
      if (query.after !== undefined) checkColumn(shape, column, query.after[column]);
    }
    this.#checkLimit(query.limit);
    const answer = await this.#read({ read: "select", store, query }, this.#unsettled.ofStore(store));
    assert(answer.read === "select", "a select is answered as such");
    return answer.rows;
  };

  readonly backup = async (path: string, progress: BackupProgress = () => {}): Promise<void> => {
    this.#refuseClosed();
    try {
      await this.#backend.backup(path, progress);
    } catch (error) {
      throw this.#noted(error);
    }
  };

  get health(): StoreHealth {
    return {
      state: this.#backend.isDown() ? "down" : this.#trouble.failing ? "failing" : "ok",
      commitsPending: this.#commitsPending,
      readsPending: this.#readsPending,
      ...this.#count,
      lastError: this.#lastError,
      textIndex: this.#backend.textIndex?.() ?? noTextIndex,
    };
  }

  /** Lets what was called before finish; calls after it reject with `unavailable`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    this.#trouble.close();
    while (this.#commitsPending > 0 || this.#writing || this.#readsPending > 0) await this.#somethingSettled();
    await this.#backend.close();
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new StoreError("unavailable", "the store is closed");
  }

  #checkLimit(rows: number): void {
    assert(Number.isSafeInteger(rows) && rows >= 0 && rows <= this.#bounds.rowsMax, `${rows} rows at most`);
  }

  #read(request: Read, after: number): Promise<Answer> {
    this.#refuseClosed();
    if (this.#readsPending >= this.#bounds.readsPendingMax) {
      throw this.#noted(new StoreError("too-busy", "too many reads are waiting"));
    }
    this.#readsPending++;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const pending = { request, after, resolve, reject };
    if (after > this.#unsettled.settledUpTo) this.#waiting.push(pending);
    else this.#ready.push(pending);
    this.#askTurn();
    return promise;
  }

  #askTurn(): void {
    if (this.#turnAsked) return;
    this.#turnAsked = true;
    this.#turn(() => {
      this.#turnAsked = false;
      this.#sendReads();
      this.#sendGroup();
    });
  }

  #sendReads(): void {
    const reads = this.#ready;
    if (reads.length === 0) return;
    this.#ready = [];
    this.#backend.read(
      reads.map(({ request }) => request),
      (index, outcome) => this.#answered(reads[index], outcome),
    );
  }

  #answered(read: PendingRead | undefined, outcome: Outcome): void {
    assert(read !== undefined, "only what was asked is answered");
    this.#readsPending--;
    this.#count.reads++;
    if (outcome.ok) read.resolve(outcome.answer);
    else {
      const error = new StoreError(outcome.failure.kind, outcome.failure.message);
      this.#trouble.failed(error);
      read.reject(this.#noted(error));
    }
    this.#wakeIdle();
  }

  #sendGroup(): void {
    if (this.#writing || this.#commits.length === 0) return;
    const group = this.#takeGroup();
    this.#writing = true;
    this.#inFlight += group.length;
    this.#count.groups++;
    this.#backend.apply(group.map(({ writes }) => writes)).then(
      (failures) => {
        this.#trouble.worked();
        this.#settle(group, (index) => {
          const failure = failures[index];
          return failure === undefined ? undefined : new StoreError(failure.kind, failure.message);
        });
      },
      (cause: unknown) => {
        const error = asStoreError(cause);
        this.#trouble.failed(error);
        this.#settle(group, () => error);
      },
    );
  }

  /** Has the writing side to itself, as a group has. While commits wait these show better whether all is well. */
  readonly #probe = async (): Promise<void> => {
    if (this.#writing || this.#commits.length > 0) throw new StoreError("too-busy", "a commit is under way");
    this.#writing = true;
    try {
      await this.#backend.probe?.();
    } finally {
      this.#writing = false;
      this.#wakeIdle();
      this.#askTurn();
    }
  };

  #takeGroup(): readonly PendingCommit[] {
    const { groupCommitsMax, groupCharsMax } = this.#bounds;
    let chars = this.#commits[0]?.chars ?? 0;
    let count = 1;
    for (; count < Math.min(this.#commits.length, groupCommitsMax); count++) {
      chars += this.#commits[count]?.chars ?? 0;
      if (chars > groupCharsMax) break;
    }
    if (count < this.#commits.length) return this.#commits.splice(0, count);
    const group = this.#commits;
    this.#commits = [];
    return group;
  }

  #settle(group: readonly PendingCommit[], failed: (index: number) => StoreError | undefined): void {
    this.#writing = false;
    this.#ended.push({ group, failed, told: 0 });
    if (this.#commits.length > 0) this.#askTurn();
    if (this.#ended.length === 1) this.#tellSome();
  }

  /** A large group's callers are told some at a time, so that sockets are served in between. */
  readonly #tellSome = (): void => {
    const [ended] = this.#ended;
    if (ended === undefined) return;
    const { group, failed } = ended;
    const end = Math.min(group.length, ended.told + this.#bounds.settledAtOnceMax);
    for (; ended.told < end; ended.told++) {
      const commit = group[ended.told];
      assert(commit !== undefined, "a group is told to its end");
      this.#inFlight--;
      this.#charsPending -= commit.chars;
      this.#unsettled.settled(commit.writes, commit.sequence);
      this.#count.commits++;
      const error = failed(ended.told);
      if (error === undefined) commit.resolve();
      else commit.reject(this.#noted(error));
    }
    if (end === group.length) this.#ended.shift();
    if (this.#ended.length > 0) this.#turn(this.#tellSome);
    this.#releaseReads();
    this.#wakeIdle();
  };

  get #commitsPending(): number {
    return this.#commits.length + this.#inFlight;
  }

  #releaseReads(): void {
    if (this.#waiting.length === 0) return;
    const settledUpTo = this.#unsettled.settledUpTo;
    const held: PendingRead[] = [];
    for (const read of this.#waiting) (read.after > settledUpTo ? held : this.#ready).push(read);
    this.#waiting = held;
    if (this.#ready.length > 0) this.#askTurn();
  }

  #somethingSettled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    return promise;
  }

  #wakeIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const wake of waiting) wake();
  }

  #noted(cause: unknown): Error {
    const error = cause instanceof Error && !(cause instanceof StoreError) ? cause : asStoreError(cause);
    this.#count.failures++;
    if (error instanceof StoreError) this.#lastError = error;
    return error;
  }
}

type PendingCommit = {
  readonly writes: readonly Write[];
  readonly chars: number;
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

type EndedGroup = {
  readonly group: readonly PendingCommit[];
  readonly failed: (index: number) => StoreError | undefined;
  /** How many of its callers were told. */
  told: number;
};

type PendingRead = {
  readonly request: Read;
  /** The sequence of the commit that it must see. */
  readonly after: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

/** Where texts are searched without an index. */
const noTextIndex: TextIndexHealth = { state: "ready", rowsIndexed: 0, rowsWaiting: 0, lastError: undefined };

function loadedOwner(entries: readonly string[]): LoadedOwner {
  const stores = new Map<string, Map<string, string>>();
  for (let index = 0; index + 2 < entries.length; index += 3) {
    const [store = "", key = "", value = ""] = [entries[index], entries[index + 1], entries[index + 2]];
    const values = stores.get(store);
    if (values === undefined) stores.set(store, new Map([[key, value]]));
    else values.set(key, value);
  }
  return stores;
}

function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError("unavailable", cause instanceof Error ? cause.message : String(cause), { cause });
}
