import { StoreError } from "#kit/storage.ts";
import type { TextIndexHealth } from "#kit/storage.ts";

/** What one step did, and what is left: rows that are not indexed, and removed ones that still are. */
export type IndexStep = { readonly indexed: number; readonly waiting: number };

/** Who is told what becomes of the index of texts. */
export interface TextIndexWatch {
  /** It is far behind, as after an upgrade, and catches up; told now and then, and with none waiting at the end. */
  readonly indexing: (progress: { readonly indexed: number; readonly waiting: number }) => void;
  /** Told once until it works again. */
  readonly indexFailed: (error: StoreError) => void;
  /** It was damaged and is made anew. */
  readonly indexRebuilt: (error: StoreError) => void;
}

export type TextIndexingParts = {
  /** Indexes a little. Rejects with a StoreError; with `corrupt` the index is damaged. */
  readonly step: () => Promise<IndexStep>;
  readonly rebuild: () => Promise<void>;
  /** Rest between steps, for each millisecond that a step took: 1 where commits wait for it. */
  readonly restShare: number;
  readonly watch: Partial<TextIndexWatch> | undefined;
};

/** How long a row waits to be indexed, so that many are indexed at once. */
const lagMs = 400;
const retryMsMin = 1_000;
const retryMsMax = 10_000;
/** The index is made anew at most so often. */
const rebuildMsMin = 60_000;
/** Rows that are told of, when so many wait. */
const rowsBehindTold = 10_000;
const toldEveryMs = 10_000;

/** Has the index of what can be searched follow what is kept, whatever befalls it. */
export class TextIndexing {
  readonly #parts: TextIndexingParts;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  /** Something was kept or removed since the last step began. */
  #changed = false;
  #closed = false;
  #retryMs = retryMsMin;
  #rebuiltAt = -Infinity;
  #toldAt: number | undefined;
  #rowsIndexed = 0;
  #rowsWaiting = 0;
  #failure: StoreError | undefined;

  constructor(parts: TextIndexingParts) {
    this.#parts = parts;
  }

  get health(): TextIndexHealth {
    return {
      state: this.#failure !== undefined ? "failing" : this.#rowsWaiting > 0 ? "indexing" : "ready",
      rowsIndexed: this.#rowsIndexed,
      rowsWaiting: this.#rowsWaiting,
      lastError: this.#failure,
    };
  }

  /** There may be something to index, or to take out. */
  changed(): void {
    this.#changed = true;
    if (this.#working === undefined) this.#stepIn(lagMs);
  }

  /** A search found the index damaged. */
  damaged(error: StoreError): void {
    if (this.#working !== undefined || this.#closed) return;
    this.#run(() => this.#rebuild(error));
  }

  /** Waits for the step that is under way. What is not indexed then is found at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  #stepIn(ms: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run(() => this.#step());
    }, ms);
    this.#timer.unref();
  }

  /** One thing at a time; each says when the next step is due, if any is. */
  #run(work: () => Promise<number | undefined>): void {
    if (this.#working !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#working = work().then((nextMs) => {
      this.#working = undefined;
      if (nextMs !== undefined) this.#stepIn(nextMs);
      else if (this.#changed) this.#stepIn(lagMs);
    });
  }

  async #step(): Promise<number | undefined> {
    this.#changed = false;
    const began = performance.now();
    try {
      const { indexed, waiting } = await this.#parts.step();
      this.#rowsIndexed += indexed;
      this.#rowsWaiting = waiting;
      this.#failure = undefined;
      this.#retryMs = retryMsMin;
      this.#tell(waiting);
      return waiting > 0 ? (performance.now() - began) * this.#parts.restShare : undefined;
    } catch (cause) {
      const error = asStoreError(cause);
      return error.kind === "corrupt" ? this.#rebuild(error) : this.#failed(error);
    }
  }

  async #rebuild(error: StoreError): Promise<number | undefined> {
    if (performance.now() - this.#rebuiltAt < rebuildMsMin) return this.#failed(error);
    this.#rebuiltAt = performance.now();
    try {
      await this.#parts.rebuild();
    } catch (cause) {
      return this.#failed(asStoreError(cause));
    }
    this.#parts.watch?.indexRebuilt?.(error);
    return 0;
  }

  #failed(error: StoreError): number {
    if (this.#failure === undefined && !this.#closed) this.#parts.watch?.indexFailed?.(error);
    this.#failure = error;
    const retryMs = this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
    return retryMs;
  }

  #tell(waiting: number): void {
    const now = performance.now();
    const isDue =
      this.#toldAt === undefined ? waiting > rowsBehindTold : waiting === 0 || now > this.#toldAt + toldEveryMs;
    if (!isDue) return;
    this.#toldAt = waiting === 0 ? undefined : now;
    this.#parts.watch?.indexing?.({ indexed: this.#rowsIndexed, waiting });
  }
}

function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError("unavailable", cause instanceof Error ? cause.message : String(cause), { cause });
}
