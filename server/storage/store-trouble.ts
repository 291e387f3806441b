import type { StoreError } from "#kit/storage.ts";
import type { TextIndexWatch } from "./text-indexing.ts";

/** Who is told when a store fails as a whole, and when it works again. */
export interface StoreWatch extends Partial<TextIndexWatch> {
  /** Told at every failure whose cause is not the one commit or read. */
  readonly failed: (error: StoreError) => void;
  readonly recovered: () => void;
}

const probeMsMin = 500;
const probeMsMax = 10_000;

/** Whether the store as a whole is in trouble. While it is, it is tried again and again, so that it is known to be well before somebody needs it. */
export class StoreTrouble {
  readonly #watch: StoreWatch | undefined;
  readonly #probe: (() => Promise<void>) | undefined;
  #failing = false;
  #probeMs = probeMsMin;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(watch: StoreWatch | undefined, probe: (() => Promise<void>) | undefined) {
    this.#watch = watch;
    this.#probe = probe;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Something failed. What only concerns who asked for it is passed over. */
  failed(error: StoreError): void {
    if (this.#closed || concernsOne(error)) return;
    this.#failing = true;
    this.#watch?.failed(error);
    this.#probeLater();
  }

  /** Something was written. */
  worked(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#probeMs = probeMsMin;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watch?.recovered();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #probeLater(): void {
    const probe = this.#probe;
    if (probe === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#probeMs = Math.min(this.#probeMs * 2, probeMsMax);
      probe().then(
        () => {
          this.#timer = undefined;
          this.worked();
        },
        () => {
          this.#timer = undefined;
          if (this.#failing && !this.#closed) this.#probeLater();
        },
      );
    }, this.#probeMs);
    this.#timer.unref();
  }
}

function concernsOne({ kind }: StoreError): boolean {
  return kind === "conflict" || kind === "too-large" || kind === "too-busy";
}
