import { Worker } from "node:worker_threads";
import type { WorkerOptions } from "node:worker_threads";
import { StoreError } from "#kit/storage.ts";
import type { BackupProgress, TableShape } from "#kit/storage.ts";
import type { FromThread, ThreadAnswer, ThreadAsk, ThreadStart, ToThread } from "./thread-messages.ts";

export type SpawnThread = (program: URL, options: WorkerOptions) => Worker;

const program = new URL("./thread-main.ts", import.meta.url);
const restartMsMin = 50;
const restartMsMax = 10_000;

type Waiting = {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (error: StoreError) => void;
  readonly progress: BackupProgress | undefined;
};

/** The near side of a thread: sends what it is asked and starts it again when it dies. */
export class SqliteThread {
  readonly #start: ThreadStart;
  readonly #spawn: SpawnThread;
  readonly #waiting = new Map<number, Waiting>();
  #tables: readonly TableShape[] = [];
  #worker: Worker | undefined;
  /** One that is being started, until it has opened its connection. */
  #starting: Worker | undefined;
  #lastId = 0;
  #restartMs = restartMsMin;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;
  /** Told when the thread ends by itself. */
  onDeath: ((error: StoreError) => void) | undefined;

  constructor(start: ThreadStart, spawn: SpawnThread = (url, options) => new Worker(url, options)) {
    this.#start = start;
    this.#spawn = spawn;
    this.#tables = start.tables;
  }

  /** Resolves when the thread has opened its connection. Only after that is it restarted. */
  async open(): Promise<void> {
    const workerData: ThreadStart = { ...this.#start, tables: this.#tables };
    const worker = this.#spawn(program, { workerData, name: `sqlite-${this.#start.role}` });
    this.#starting = worker;
    const opened = Promise.withResolvers<void>();
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("message", (message: FromThread) => {
      if (message.id !== 0) this.#answered(message);
      else if (message.answer === "failed")
        opened.reject(new StoreError(message.failure.kind, message.failure.message));
      else opened.resolve();
    });
    worker.on("exit", () => {
      const error = new StoreError("unavailable", "the database thread ended", { cause });
      opened.reject(error);
      this.#ended(worker, error);
    });
    try {
      await opened.promise;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      this.#starting = undefined;
    }
    this.#worker = worker;
    this.#restartMs = restartMsMin;
  }

  get isDown(): boolean {
    return this.#worker === undefined;
  }

  get asksPending(): number {
    return this.#waiting.size;
  }

  /** One message there and one back. Rejects with a StoreError. */
  ask(ask: ThreadAsk, progress?: BackupProgress): Promise<ThreadAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
    if (this.#worker === undefined) reject(new StoreError("unavailable", "the database thread is being restarted"));
    else {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject, progress });
      const message: ToThread = { id, ...ask };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is not a window
      this.#worker.postMessage(message);
    }
    return promise;
  }

  /** A thread that is started later learns of these tables at its start. */
  async declare(tables: readonly TableShape[]): Promise<void> {
    this.#tables = [...this.#tables, ...tables];
    await this.ask({ ask: "declare", tables });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    // A thread that came up after this would never be told to end, and the process would live as long as it.
    await this.#starting?.terminate();
    const worker = this.#worker;
    if (worker === undefined) return;
    await this.ask({ ask: "close" }).catch(() => {});
    await worker.terminate();
  }

  #answered(message: FromThread): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if (message.answer === "share") {
      waiting.progress?.(message.share);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.answer === "failed") waiting.reject(new StoreError(message.failure.kind, message.failure.message));
    else waiting.resolve(message);
  }

  #ended(worker: Worker, error: StoreError): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (this.#closing) return;
    this.onDeath?.(error);
    this.#restartLater();
  }

  #restartLater(): void {
    this.#restart = setTimeout(() => {
      this.open().catch(() => {
        if (!this.#closing) this.#restartLater();
      });
    }, this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, restartMsMax);
  }
}
