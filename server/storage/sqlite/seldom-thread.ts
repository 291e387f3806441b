import { StoreError } from "#kit/storage.ts";
import type { TableShape } from "#kit/storage.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import type { SpawnThread } from "./sqlite-thread.ts";
import type { ThreadAnswer, ThreadAsk, ThreadStart } from "./thread-messages.ts";

/**
 * A thread that is there only while it is asked something, and some time after: a thread takes 9 MB, and in a small server
 * days may pass between two searches.
 */
export class SeldomThread {
  readonly #start: ThreadStart;
  readonly #spawn: SpawnThread | undefined;
  readonly #restMs: number;
  readonly #instead: Pick<SqliteThread, "ask">;
  #tables: readonly TableShape[] = [];
  #thread: SqliteThread | undefined;
  /** Until it is open. */
  #opening: Promise<void> | undefined;
  /** One that was there before, until it has ended. */
  #ending: Promise<void> = Promise.resolve();
  #asks = 0;
  #rest: NodeJS.Timeout | undefined;
  #closed = false;
  /** Told when the thread ends by itself. */
  onDeath: ((error: StoreError) => void) | undefined;

  /**
   * @param restMs how long it stays when it has answered all, in milliseconds
   * @param instead is asked where the system has no thread for us, for want of files or memory: slow is better than not at all
   */
  constructor(
    start: ThreadStart,
    parts: {
      readonly spawn: SpawnThread | undefined;
      readonly restMs: number;
      readonly instead: Pick<SqliteThread, "ask">;
    },
  ) {
    this.#start = start;
    this.#spawn = parts.spawn;
    this.#restMs = parts.restMs;
    this.#instead = parts.instead;
  }

  /** It should be there, and is not. */
  get isDown(): boolean {
    return this.#thread?.isDown === true;
  }

  get isResting(): boolean {
    return this.#thread === undefined;
  }

  get asksPending(): number {
    return this.#asks;
  }

  /** One message there and one back. Rejects with a StoreError. */
  async ask(ask: ThreadAsk): Promise<ThreadAnswer> {
    if (this.#closed) throw new StoreError("unavailable", "the database is closed");
    clearTimeout(this.#rest);
    this.#asks += 1;
    try {
      const thread = await this.#opened().catch(() => this.#instead);
      return await thread.ask(ask);
    } finally {
      this.#asks -= 1;
      this.#restLater();
    }
  }

  /** Should the thread be there it is told; otherwise it learns of these tables at its start. */
  async declare(tables: readonly TableShape[]): Promise<void> {
    this.#tables = [...this.#tables, ...tables];
    const thread = this.#thread;
    if (thread === undefined) return;
    await this.#opening;
    await thread.declare(tables);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rest);
    this.#end();
    await this.#ending;
  }

  async #opened(): Promise<SqliteThread> {
    if (this.#thread === undefined) {
      const thread = new SqliteThread({ ...this.#start, tables: this.#tables }, this.#spawn);
      thread.onDeath = (error) => this.onDeath?.(error);
      this.#thread = thread;
      this.#opening = thread.open();
      // The next one to ask tries again.
      this.#opening.catch(() => {
        if (this.#thread === thread) this.#thread = undefined;
      });
    }
    const thread = this.#thread;
    await this.#opening;
    return thread;
  }

  #restLater(): void {
    if (this.#asks === 0 && !this.#closed) this.#rest = setTimeout(() => this.#end(), this.#restMs).unref();
  }

  #end(): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    const before = this.#ending;
    this.#ending = Promise.all([before, thread.close()]).then(() => {});
  }
}
