import type { Env, Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";

/** How often is looked, and how often at most the same trouble is told to the log. */
const checkMs = 1_000;

/** Something that listens and can be told not to for a while. */
export interface Pausable {
  /** Stops listening. Connections that are open stay. */
  readonly pause: () => void;
  /** Listens again. @throws Error with the system's code */
  readonly resume: () => Promise<void>;
}

export interface OpenFilesWatchParts {
  readonly env: Env;
  readonly log: Log;
  readonly canOpenFile: () => boolean;
}

/**
 * Stops listening while the system gives us no more files, and listens again when it does (A11). A listening socket
 * whose connections cannot be accepted stays readable, and libuv (1.51) would ask for them again and again, as fast as
 * the processor can, without a word to us.
 */
export class OpenFilesWatch implements Disposable {
  readonly #parts: OpenFilesWatchParts;
  readonly #listening = new Set<Pausable>();
  readonly #paused = new Set<Pausable>();
  #timer: Timer | undefined;
  #ended = false;
  #exhausted = false;

  constructor(parts: OpenFilesWatchParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** Looks after one more, until the returned function is called. */
  add(listener: Pausable): () => void {
    this.#listening.add(listener);
    return () => {
      this.#listening.delete(listener);
      this.#paused.delete(listener);
    };
  }

  /** Whether the system had no more files for us when it was asked last. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#parts.env.setTimer(checkMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { log, canOpenFile } = this.#parts;
    const exhausted = !canOpenFile();
    if (exhausted) {
      for (const listener of this.#listening) listener.pause();
      for (const listener of this.#listening) this.#paused.add(listener);
      log.error({}, "out of open files: no connections are accepted until there are some; raise the limit (ulimit -n)");
    } else {
      if (this.#exhausted) log.warn({}, "there are open files again");
      for (const listener of this.#paused) if (!this.#ended) await this.#resume(listener);
    }
    this.#exhausted = exhausted;
    if (!this.#ended) this.#wait();
  }

  async #resume(listener: Pausable): Promise<void> {
    try {
      await listener.resume();
      this.#paused.delete(listener);
    } catch (error) {
      this.#parts.log.error({ error }, "cannot listen again; it is tried once more in a second");
    }
  }
}
